/** The typeface that saved figures carry in themselves. */

/** A typeface as its file. */
export interface FigureFont {
  family: string
  /** Address of a woff2 file that the window is served with. */
  url: string
}

/** Null: none is packed with the window, and a viewer's own of these families is used. */
export const FIGURE_FONT: FigureFont | null = null

/** Families that a figure asks for, the packed one first. */
export function fontFamilies(font: FigureFont | null): string {
  return [...(font ? [`'${font.family}'`] : []), 'Inter', "'DejaVu Sans'", 'sans-serif'].join(', ')
}

/** A font face with its file in it; rejects where the file is not to be had. */
export async function fontFace({ family, url }: FigureFont): Promise<string> {
  const answer = await fetch(url)
  if (!answer.ok) throw new Error(`the typeface ${family} is not to be had (${answer.status})`)
  const bytes = new Uint8Array(await answer.arrayBuffer())
  let text = ''
  for (let i = 0; i < bytes.length; i += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(i, i + 0x8000))
  }
  const data = `data:font/woff2;base64,${btoa(text)}`
  return `@font-face{font-family:'${family}';src:url(${data}) format('woff2');font-weight:100 900}`
}
