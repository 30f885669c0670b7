/** HTML as text that cannot be broken by what is put into it: whatever is no markup is escaped. */

/** Text that is HTML already. */
export interface Markup {
  html: string
}

/** What may stand in markup: text and numbers are escaped, nothing is left out for null. */
export type Piece = string | number | null | Markup | readonly Piece[]

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;'
}

const LETTERS = new Map(Object.entries(ENTITIES).map(([letter, entity]) => [entity, letter]))

/** Text as it stands between tags and in quoted attributes. */
export function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => ENTITIES[letter]!)
}

/** What a reader sees of it: without tags, in one line. */
export function wordsOf(piece: Piece): string {
  // Whatever is text has its brackets escaped, in attributes too: what is between brackets is a tag.
  const text = htmlOf(piece).replace(/<[^>]*>/g, '')
  const plain = text.replace(/&(?:amp|lt|gt|quot|#39);/g, (entity) => LETTERS.get(entity)!)
  return plain.replace(/\s+/g, (space) => (space === '\u2009' ? space : ' ')).trim()
}

function htmlOf(piece: Piece): string {
  if (piece === null) return ''
  if (typeof piece === 'string') return escapeText(piece)
  if (typeof piece === 'number') return String(piece)
  if ('html' in piece) return piece.html
  return piece.map(htmlOf).join('')
}

/** A template in which every value that is not markup itself is escaped. */
export function markup(texts: TemplateStringsArray, ...values: Piece[]): Markup {
  const html = texts.reduce((all, text, i) => all + htmlOf(values[i - 1] ?? null) + text)
  return { html }
}

/** One column of a table. */
export interface ShownColumn<Row> {
  head: Piece
  /** True for numbers: aligned to the right. */
  isNumber?: boolean
  cell: (row: Row, place: number) => Piece
}

/**
 * A table with its caption; the first cell of each row is its heading.
 *
 * A wide one scrolls by itself, with the keyboard too.
 */
export function tableOf<Row>(
  caption: string,
  columns: readonly ShownColumn<Row>[],
  rows: readonly Row[]
): Markup {
  const className = ({ isNumber }: ShownColumn<Row>) => (isNumber ? 'number' : '')
  const heads = columns.map(
    (column) => markup`<th scope="col" class="${className(column)}">${column.head}</th>`
  )
  const lines = rows.map((row, place) => {
    const cells = columns.map((column, i) => {
      const cell = column.cell(row, place)
      return i === 0
        ? markup`<th scope="row" class="${className(column)}">${cell}</th>`
        : markup`<td class="${className(column)}">${cell}</td>`
    })
    return markup`<tr>${cells}</tr>\n`
  })
  return markup`<div class="wide" role="region" tabindex="0" aria-label="${caption}"><table>
<caption>${caption}</caption>
<thead><tr>${heads}</tr></thead>
<tbody>
${lines}</tbody>
</table></div>
`
}

/** A table before it is written: HTML and LaTeX show the same cells. */
export interface ShownTable<Row> {
  caption: string
  columns: readonly ShownColumn<Row>[]
  rows: readonly Row[]
}

/** A shown table as HTML; see {@link tableOf}. */
export function htmlTable<Row>({ caption, columns, rows }: ShownTable<Row>): Markup {
  return tableOf(caption, columns, rows)
}

/** Names with what they stand for. */
export type Facts = readonly (readonly [Piece, Piece])[]

/** Facts as a list. */
export function factsOf(facts: Facts): Markup {
  const lines = facts.map(([name, value]) => markup`<dt>${name}</dt><dd>${value}</dd>\n`)
  return markup`<dl>\n${lines}</dl>\n`
}

/** A section of the report with its heading. */
export function section(id: string, title: string, ...content: Piece[]): Markup {
  return markup`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${content}</section>
`
}

/** One sentence in place of what there is none of. */
export function absent(sentence: string): Markup {
  return markup`<p class="quiet">${sentence}</p>\n`
}
