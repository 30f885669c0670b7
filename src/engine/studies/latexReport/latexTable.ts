/** A table of the report for LaTeX: rules of booktabs, shrunk to the page where it is wider. */
import { wordsOf } from '../htmlReport/markup'
import type { Piece, ShownTable } from '../htmlReport/markup'
import { latexText } from './latexText'

/** How a table is laid out. */
interface LatexLayout {
  /** Behind `tab:assay-`: letters and hyphens. */
  label: string
  /** Columns in LaTeX's words; default: numbers to the right, all else to the left. */
  align?: string
}

/** A piece of the report as LaTeX prints it. */
function latexOf(piece: Piece): string {
  return latexText(wordsOf(piece))
}

/** Writes a table as a float of LaTeX; the words in it are those of the HTML report. */
export function latexTable<Row>(
  { caption, columns, rows }: ShownTable<Row>,
  { label, align }: LatexLayout
): string {
  const heads = columns.map(({ head }) => latexOf(head))
  const lines = rows.map((row, place) => columns.map(({ cell }) => latexOf(cell(row, place))))
  const sides = columns.map(({ isNumber }) => (isNumber ? 'r' : 'l')).join('')
  const lineOf = (cells: readonly string[]) => `      ${cells.join(' & ')} \\\\\n`
  return `\\begin{table}[htbp]
  \\centering
  \\caption{${latexText(caption)}}
  \\label{tab:assay-${label}}
  \\begin{adjustbox}{max width=\\linewidth, max totalheight=0.85\\textheight}
    \\begin{tabular}{${align ?? sides}}
      \\toprule
${lineOf(heads)}      \\midrule
${lines.map(lineOf).join('')}      \\bottomrule
    \\end{tabular}
  \\end{adjustbox}
\\end{table}
`
}
