/** Numbers as the window shows them: few digits, units beside them; the full ones are in the CSV. */
export {
  significant,
  tickWords,
  correlation,
  withInterval,
  short,
  grouped,
  counted,
  outOf,
  duration,
  inBytes,
  inFlops,
  percent
} from '#shared/numberWords'

/** How long ago something was, from ms since 1970: `just now`, `5 min ago`, `3 days ago`. */
export function ago(time: number, now = Date.now()): string {
  const minutes = Math.floor((now - time) / 60_000)
  if (minutes < 1) return 'just now'
  if (minutes < 60) return `${minutes} min ago`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return `${hours} h ago`
  const days = Math.floor(hours / 24)
  return days === 1 ? 'yesterday' : `${days} days ago`
}
