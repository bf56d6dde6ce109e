# Medians of the raw results as one Markdown table.

BEGIN { FS = "\t" }
FNR == 1 { next }
{
  cell = $1 SUBSEP $2 SUBSEP $3
  if (!(cell in mb)) order[++count] = cell
  mb[cell] = mb[cell] " " $5
  rate[cell] = rate[cell] " " $6
  if ($7 != "-") cpu[cell] = cpu[cell] " " $7
  p50[cell] = p50[cell] " " $8
  p99[cell] = p99[cell] " " $9
}
END {
  print "\n| flow | threads | groups | MB/s | lowest–highest | events/s | CPU ns/event | p50 µs | p99 µs |"
  print "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
  for (i = 1; i <= count; i++) {
    cell = order[i]
    split(cell, part, SUBSEP)
    middle = median(mb[cell])
    spread = sprintf("%.0f–%.0f", lowest, highest)
    cpu_ns = cell in cpu ? sprintf("%.0f", median(cpu[cell])) : "-"
    printf "| %s | %s | %s | %.0f | %s | %.0f | %s | %.1f | %.1f |\n", part[1], part[2], part[3], middle, spread,
      median(rate[cell]), cpu_ns, median(p50[cell]) / 1000, median(p99[cell]) / 1000
  }
}
