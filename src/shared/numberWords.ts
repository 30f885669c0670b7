/** Numbers as they are read: few digits, units beside them; the full ones are in the CSV. */

/** Four significant digits; a dash for what is not known. */
export function significant(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–'
  const magnitude = Math.abs(value)
  if (magnitude >= 1000) return grouped(Math.round(value))
  return value.toFixed(magnitude >= 100 ? 1 : magnitude >= 10 ? 2 : 3)
}

/** A value of an axis: no more digits than it has. */
export function tickWords(value: number): string {
  const plain = String(Number(value.toPrecision(6)))
  return Math.abs(value) >= 1000 ? grouped(Number(plain)) : plain.replace('-', '−')
}

/** A correlation with two digits, the minus as a minus. */
export function correlation(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : value.toFixed(2).replace('-', '−')
}

/** An interval behind its value: `0.94 [0.88, 0.97]`. */
export function withInterval(
  value: number | null,
  interval: { low: number; high: number } | null
): string {
  if (!interval) return correlation(value)
  return `${correlation(value)} [${correlation(interval.low)}, ${correlation(interval.high)}]`
}

/** A count in thousands, millions and billions: `1.2M`. */
export function short(value: number): string {
  if (value >= 999_500_000) return `${(value / 1e9).toPrecision(3)}B`
  if (value >= 999_500) return `${(value / 1e6).toPrecision(3)}M`
  if (value >= 999.5) return `${(value / 1e3).toPrecision(3)}k`
  return String(Math.round(value))
}

/** Whole numbers with thin spaces between thousands. */
export function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, '\u2009')
}

/** So many of all: `9 582 of 9 591`. */
export function outOf(some: number, all: number): string {
  return `${grouped(some)} of ${grouped(all)}`
}

/** So many of something: `1 run`, `12 runs`, `2 matches`. */
export function counted(number: number, one: string, many = `${one}s`): string {
  return `${grouped(number)} ${number === 1 ? one : many}`
}

/** Seconds as `48 s`, `3 min 20 s`, `2 h 05 min`. */
export function duration(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds)) return '–'
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')} min`
}

/** Bytes as `418 B`, `41.2 kB`, `2.00 GB`. */
export function inBytes(bytes: number): string {
  return withPrefix(bytes, 'B', 4)
}

/** Floating-point operations as `418 FLOP`, `2.00 PFLOP`. */
export function inFlops(flops: number): string {
  return withPrefix(flops, 'FLOP', 8)
}

/** @param highest power of a thousand that has a prefix */
function withPrefix(value: number, unit: string, highest: number): string {
  if (value < 1000) return `${Math.round(value)} ${unit}`
  const power = Math.min(highest, Math.floor(Math.log10(value) / 3))
  return `${(value / 1000 ** power).toPrecision(3)} ${' kMGTPEZY'[power]}${unit}`
}

/** A share as whole hundredths: `48 %`. */
export function percent(share: number | null | undefined): string {
  return share === null || share === undefined ? '–' : `${Math.round(share * 100)} %`
}
