/** The typeface that saved figures carry in themselves. */
import greek from '@fontsource-variable/inter/files/inter-greek-wght-normal.woff2?url'
import latin from '@fontsource-variable/inter/files/inter-latin-wght-normal.woff2?url'

const FAMILY = 'Inter Variable'

/** Its files with the letters in each: Greek has ρ and τ. */
const PARTS = [
  { url: latin, range: 'U+0000-00FF,U+0131,U+0152-0153,U+02BB-02DC,U+2000-206F,U+2122,U+2212' },
  { url: greek, range: 'U+0370-03FF' }
]

/** Families that a figure asks for, the one inside it first. */
export const FONT_FAMILIES = `'${FAMILY}', Inter, 'DejaVu Sans', sans-serif`

/** Font faces with their files in them; rejects where one is not to be had. */
export async function fontFaces(): Promise<string> {
  const faces = PARTS.map(async ({ url, range }) => {
    const source = `url(${await dataAddress(url)}) format('woff2')`
    return `@font-face{font-family:'${FAMILY}';src:${source};font-weight:100 900;unicode-range:${range}}`
  })
  return (await Promise.all(faces)).join('')
}

async function dataAddress(url: string): Promise<string> {
  const answer = await fetch(url)
  if (!answer.ok) throw new Error(`the typeface ${FAMILY} is not to be had (${answer.status})`)
  const bytes = new Uint8Array(await answer.arrayBuffer())
  let text = ''
  for (let i = 0; i < bytes.length; i += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(i, i + 0x8000))
  }
  return `data:font/woff2;base64,${btoa(text)}`
}
