# The median of numbers in a text; `lowest` and `highest` are set beside it.

function median(text,    values, n, i, j, held) {
  n = split(text, values, " ")
  for (i = 2; i <= n; i++) {
    held = values[i] + 0
    for (j = i - 1; j > 0 && values[j] + 0 > held; j--) values[j + 1] = values[j]
    values[j + 1] = held
  }
  lowest = values[1]; highest = values[n]
  return n % 2 ? values[(n + 1) / 2] : (values[n / 2] + values[n / 2 + 1]) / 2
}
