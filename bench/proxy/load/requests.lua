-- One POST of JSON, again and again; BENCH_ITEMS (0: the recipe's 18 bytes) sets its size.
-- Prints one line at the end: requests, seconds, p50 and p99 in microseconds, answers that were no success, socket errors.
wrk.method = "POST"
wrk.path = "/anything"
wrk.headers["Content-Type"] = "application/json"

local count = tonumber(os.getenv("BENCH_ITEMS") or "0")
if count == 0 then
  wrk.body = '{"snot": "badger"}'
else
  local items = {}
  for i = 1, count do
    items[i] = string.format('{"id":%d,"name":"item-%d","tags":["a","b"],"ok":true}', i, i)
  end
  wrk.body = '{"snot":"badger","items":[' .. table.concat(items, ",") .. "]}"
end

-- Status 200 is looked at once before the rounds: a function per response would load the generator more than the proxy.
function done(summary, latency)
  local e = summary.errors
  io.write(string.format("result %d %.6f %.0f %.0f %d %d\n", summary.requests, summary.duration / 1e6,
    latency:percentile(50), latency:percentile(99), e.status, e.connect + e.read + e.write + e.timeout))
end
