import fc from 'fast-check'
import { expect, test } from 'vitest'
import { latexTable } from '#engine/studies/latexReport/latexTable'
import { latexReport } from '#engine/studies/latexReport/tables'
import { latexText } from '#engine/studies/latexReport/latexText'
import { studyTable } from '#engine/studies/tables'
import { FACTS, studyOfNames } from '../../../../support/reportedStudy'

/** Pieces that are one sign each: escaped, in mathematics, or a command that ends in braces. */
const WHOLE =
  /\\[{}$&#%_,]|\\textbackslash\{\}|\\text[a-z]+\{\}|\\ldots\{\}|\\symbol\{\d+\}|\$-\$|\$\\[a-z]+\$|\$\^\{n\}\$|\$10\^\{\d+\}\$|\{\[\}|\{\]\}|\{\*\}|[-',]\{\}/g

/** What is left of a text once whole pieces are taken out. */
const bare = (text: string) => text.replace(WHOLE, '')

test('no sign of a name means anything to LaTeX', () => {
  const nasty = fc.string({ unit: fc.constantFrom(...'\\{}$&#%_^~<>|"`[]*-\',a1 \n\t−ρ') })
  fc.assert(
    fc.property(fc.oneof(nasty, fc.string({ unit: 'grapheme' })), (name) => {
      const left = bare(latexText(name)).replace(/\$\\[a-z]+\$|\\,/g, '')
      expect(left.replaceAll(/(?<=^|[^\\])~/g, '')).not.toMatch(/[\\{}$&#%_^<>|"`[\]*\n\r\t]/)
    })
  )
  expect(latexText('50%_of [a]\n--*')).toBe('50\\%\\_of {[}a{]} -{}-{*}')
  expect(latexText('4.1 × 10^15')).toBe('4.1 $\\times$ $10^{15}$')
})

test('every row has a cell for every column, whatever its cells hold', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.string(), fc.string(), fc.string())), (rows) => {
      const columns = [0, 1, 2].map((i) => ({ head: 'Of', cell: (row: string[]) => row[i]! }))
      const table = latexTable({ caption: 'All', columns, rows }, { label: 'all' })
      const body = table.split('\\midrule\n')[1]!.split('      \\bottomrule')[0]!
      const lines = body.split('\n').slice(0, -1)
      expect(lines.length).toBe(rows.length)
      for (const line of lines) {
        expect(line.endsWith(' \\\\')).toBe(true)
        expect(bare(line.slice(0, -3)).split('&').length).toBe(3)
      }
    })
  )
})

/** By label: cells of every row, as LaTeX has them. */
function tablesIn(latex: string): Map<string, string[][]> {
  return new Map(
    [...latex.matchAll(/\\label\{tab:assay-([a-z-]+)\}([\s\S]*?)\\end\{table\}/g)].map(
      ([, label, table]) => [
        label!,
        [...table!.matchAll(/^ {6}(.*) \\\\$/gm)].map(([, line]) => line!.split(' & '))
      ]
    )
  )
}

test('the tables stand in balanced environments and hold the numbers of the CSVs', () => {
  const results = studyOfNames(['a', 'b', 'c_1', 'd&e'])
  const latex = latexReport(results, FACTS, 'all')
  const open: string[] = []
  for (const [, kind, name] of latex.matchAll(/\\(begin|end)\{([a-z]+)\}/g)) {
    if (kind === 'begin') open.push(name!)
    else expect(open.pop()).toBe(name)
  }
  expect(open).toEqual([])

  const tables = tablesIn(latex)
  expect([...tables.keys()]).toEqual([
    'partitions',
    'domains',
    'recipe',
    'cost',
    'headline-sum',
    'agreement-sum',
    'proxies-sum'
  ])
  expect(
    tables
      .get('partitions')!
      .slice(1)
      .map(([name, , , tokens]) => [name, tokens])
  ).toEqual(
    results.prepared.partitions.map(({ name, tokens }) => [latexText(name), String(tokens)])
  )
  const two = (value: unknown) => latexText(Number(value).toFixed(2).replace('-', '−'))
  const csv = studyTable(results, 'agreement')!.rows.filter(
    ({ proxy, stratum }) => proxy === 'merge-micro' && stratum === 'within-size'
  )
  const agreement = tables.get('agreement-sum')!.slice(1)
  expect(csv.length).toBeGreaterThan(4)
  expect(agreement.map(([domain, , , n, r]) => [domain, n, r!.split(' ')[0]])).toEqual(
    csv.map((row) => [latexText(String(row.domain)), String(row.n), two(row.pearson)])
  )
})

test('a study made from tables leaves out what they do not say', () => {
  const results = studyOfNames(['a', 'b', 'c', 'd'])
  const tables = {
    files: [],
    partitions: ['a', 'b', 'c', 'd'],
    domains: [],
    proxies: [],
    notes: []
  } as unknown as NonNullable<(typeof results)['tables']>
  const latex = latexReport({ ...results, tables }, { ...FACTS, cost: null }, 'all')
  expect(latex).toContain('% Of text, tokens and documents the tables say nothing.')
  expect(latex).not.toContain('tab:assay-cost')
})
