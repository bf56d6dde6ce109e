# Medians of the raw results as Markdown tables, one for each size and number of connections.

function ratio(value, base) { return base > 0 ? sprintf("%.2f", value / base) : "-" }

BEGIN { FS = "\t" }
FNR == 1 { next }
{
  group = $1 SUBSEP $2
  if (!(group in seen)) { seen[group]; groups[++group_count] = group }
  if (!((group, $4) in programs)) { programs[group, $4]; order[group, ++program_count[group]] = $4 }
  if ($5 != "-") cpu[group, $4] = cpu[group, $4] " " $5
  rate[group, $4] = rate[group, $4] " " $6
  p50[group, $4] = p50[group, $4] " " $7
  p99[group, $4] = p99[group, $4] " " $8
  bad[group, $4] += $10
  broken[group, $4] += $11
  if ($10 + $11 > 0) flagged[group, $4]++
}
END {
  for (g = 1; g <= group_count; g++) {
    group = groups[g]
    split(group, part, SUBSEP)
    cpu_lua = median(cpu[group, "nginx-lua"]); rate_lua = median(rate[group, "nginx-lua"])
    printf "\n### Body %s, %s connection%s\n\n", part[1] == "18" ? "18 B" : part[1] == "1k" ? "1 KB" : "64 KB", part[2], part[2] == 1 ? "" : "s"
    print "| program | CPU µs/request | lowest–highest | to nginx | to nginx-lua | requests/s | to nginx | to nginx-lua | p50 µs | p99 µs |"
    print "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    for (p = 1; p <= program_count[group]; p++) {
      name = order[group, p]
      shown = name
      peer = name ~ /-tls$/ ? "nginx-tls" : name ~ /-h2$/ ? "nginx-h2" : "nginx"
      cpu_nginx = median(cpu[group, peer]); rate_nginx = median(rate[group, peer])
      if (flagged[group, name]) {
        shown = name " (!)"
        notes = notes sprintf("\n(!) %s, %s, %s connections: %d rounds with %d answers that were no success and %d socket errors; only successes are counted.\n", name, part[1], part[2], flagged[group, name], bad[group, name], broken[group, name])
      }
      if ((group, name) in cpu) {
        us = median(cpu[group, name])
        cells = sprintf("%.1f | %.1f–%.1f | %s | %s", us, lowest, highest, ratio(us, cpu_nginx), ratio(us, cpu_lua))
      } else cells = "- | - | - | -"
      per_s = median(rate[group, name])
      printf "| %s | %s | %.0f | %s | %s | %.0f | %.0f |\n", shown, cells, per_s, ratio(per_s, rate_nginx), ratio(per_s, rate_lua), median(p50[group, name]), median(p99[group, name])
    }
  }
  printf "%s", notes
}
