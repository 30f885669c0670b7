/** Text that LaTeX prints as it stands, whatever it holds. */

/** Signs that mean something to LaTeX, begin an option of a row, or are missing in older fonts. */
const SIGNS: Record<string, string> = {
  '\\': '\\textbackslash{}',
  '{': '\\{',
  '}': '\\}',
  $: '\\$',
  '&': '\\&',
  '#': '\\#',
  '%': '\\%',
  _: '\\_',
  '^': '\\textasciicircum{}',
  '~': '\\textasciitilde{}',
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  '|': '\\textbar{}',
  '"': '\\symbol{34}',
  '`': '\\symbol{96}',
  // Behind the end of a row these would be taken for its options.
  '[': '{[}',
  ']': '{]}',
  '*': '{*}',
  '−': '$-$',
  '×': '$\\times$',
  '·': '$\\cdot$',
  '→': '$\\rightarrow$',
  ρ: '$\\rho$',
  τ: '$\\tau$',
  β: '$\\beta$',
  λ: '$\\lambda$',
  ⁿ: '$^{n}$',
  '…': '\\ldots{}',
  '—': '---',
  '–': '--',
  '’': "'",
  '\u2009': '\\,',
  '\u00a0': '~'
}

/**
 * Escapes text for LaTeX: every sign of its own, ligatures that would change a name (`--`, `''`,
 * `,,`), and ends of lines. Letters beyond Latin stay as they are, for an engine that has them.
 */
export function latexText(text: string): string {
  return [...text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')]
    .map((sign, i, all) => {
      const isLigature = "-',".includes(sign) && all[i + 1] === sign
      return SIGNS[sign] ?? (isLigature ? `${sign}{}` : sign)
    })
    .join('')
    .replace(/10\\textasciicircum\{\}(\d+)/g, (_, power: string) => `$10^{${power}}$`)
}
