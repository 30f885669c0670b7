/** What lines of Slurm's programs say. */

/** A field of a line that `scontrol -o show` prints, `NAME=VALUE`; undefined where the line has none. */
export function fieldOf(line: string, name: string): string | undefined {
  return new RegExp(`(?:^|\\s)${name}=(\\S*)`).exec(line)?.[1]
}
