/**
 * Prints the table of docs/scale.md; with `--write` puts it there: `npx tsx scripts/scale.mjs --write`.
 *
 * It is computed by the sources themselves, and so wants tsx.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { scaleTable } from '../tests/support/scaleTable'

const table = scaleTable()
if (process.argv.includes('--write')) {
  const page = fileURLToPath(new URL('../docs/scale.md', import.meta.url))
  const [begin, end] = ['<!-- scale: begin -->', '<!-- scale: end -->']
  const text = readFileSync(page, 'utf8')
  const from = text.indexOf(begin) + begin.length
  const to = text.indexOf(end)
  writeFileSync(page, `${text.slice(0, from)}\n\n${table}\n\n${text.slice(to)}`)
} else console.log(table)
