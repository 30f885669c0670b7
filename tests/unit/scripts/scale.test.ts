import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { scaleTable } from '../../support/scaleTable'

test('the table of docs/scale.md is what the sources compute', async () => {
  const page = await readFile('docs/scale.md', 'utf8')
  const table = /<!-- scale: begin -->\n([\s\S]*)<!-- scale: end -->/.exec(page)?.[1]
  // `npx tsx scripts/scale.mjs --write` puts it there again.
  expect(table?.trim()).toBe(scaleTable())
})
