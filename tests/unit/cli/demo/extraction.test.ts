import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { commentProse, readCode, readManual } from '../../../../src/cli/demo/code'
import { LANGUAGES, readLanguages } from '../../../../src/cli/demo/languages'
import { plainMessage, readMail, WANTED_MAIL } from '../../../../src/cli/demo/mail'
import {
  readDictionary,
  readFactBook,
  readFiction,
  readSpeeches
} from '../../../../src/cli/demo/prose'
import { temporaryFolder } from '../../../support/temporaryFolder'

/** A package's folder with these files; what is no string is written as JSON. */
async function packageOf(files: Record<string, unknown>): Promise<string> {
  const folder = await temporaryFolder()
  for (const [path, contents] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    const text = typeof contents === 'string' ? contents : JSON.stringify(contents)
    await writeFile(join(folder, path), text)
  }
  return folder
}

const BODY = 'Something that was written by hand, and goes on.\n'.repeat(5).trim()
const message = (headers: string, body = BODY) => `${headers}\n\n${body}\n`

test('a message becomes its subject and its own words', () => {
  const quoted = `Ann Other wrote:\n> what she said\n\n${BODY}\n\n-- \nAnn\nhttp://example.org`
  expect(plainMessage(message('From: a@b\nSubject: Re: [list] Plain\n text', quoted))).toEqual({
    text: `Subject: Re: [list] Plain text\n\n${BODY}`,
    source: 'plain text'
  })
})

test('answers and forwards have the source of the thread', () => {
  const sources = ['Re: Fwd: Tea', 'RE[2]: [ILUG] tea', 'tea'].map(
    (subject) => plainMessage(message(`Subject: ${subject}`))?.source
  )
  expect(sources).toEqual(['tea', 'tea', 'tea'])
})

test('the footer of a mailing list is cut off', () => {
  const footer = '\n\n_______________________________________________\nList mailing list'
  expect(plainMessage(message('Subject: a', BODY + footer))?.text).toBe(`Subject: a\n\n${BODY}`)
})

test.each([
  ['HTML', 'Content-Type: text/html', BODY],
  ['HTML that calls itself plain', 'Content-Type: text/plain', `<HTML>${BODY}`],
  ['encoded', 'Content-Transfer-Encoding: base64', BODY],
  ['of an encoded subject', 'Subject: =?utf-8?B?aGk=?=', BODY],
  ['damaged', 'Subject: a', `${BODY}\ufffd`],
  ['short', 'Subject: a', 'Hi!']
])('a message that is %s is left out', (_, headers, body) => {
  expect(plainMessage(message(headers, body))).toBeNull()
})

test('mail is read from the folders of messages only', async () => {
  const folder = await packageOf({
    'data/easy-ham-1/1.json': { text: message('Subject: one') },
    'data/easy-ham-1/1.txt': message('Subject: one'),
    'data/file_list.json': []
  })
  expect((await readMail(folder, WANTED_MAIL)).map(({ source }) => source)).toEqual(['one'])
})

test('speeches are told apart by year, one passage each', async () => {
  const folder = await packageOf({
    'data/1912_a.json': { year: 1912, name: 'A', text: 'Early.' },
    'data/1913_b.json': { year: 1913, name: 'B', text: 'Late.' },
    'data/1913_b.txt': 'Late.'
  })
  expect(await readSpeeches(folder, [1790, 1912])).toEqual([{ text: 'Early.', source: '1912 A' }])
  expect(await readSpeeches(folder, [1913, 2021])).toEqual([{ text: 'Late.', source: '1913 B' }])
})

test('the fact book gives sections of prose and no figures', async () => {
  const sentence = 'It lies between two rivers and a sea, and has been there for a long time. '
  const prose = sentence.repeat(3).trim()
  const folder = await packageOf({
    'src/data/factbook/XY.json': {
      introduction: `${prose} ++  ++ ${prose}`,
      economy: { overview: 'short', gdp: '9'.repeat(400) }
    }
  })
  expect(await readFactBook(folder)).toEqual([{ text: `${prose}\n\n${prose}`, source: 'XY' }])
})

test('fiction is the chapters and the epilogue, not the whole book again', async () => {
  const chapter = (title: string) => ({ title, text: `${title}!` })
  const folder = await packageOf({
    'data/chapter_1.json': chapter('Loomings'),
    'data/epilogue.json': chapter('Epilogue'),
    'data/extracts.json': chapter('Extracts'),
    'data/chapter_1.txt': 'Loomings!',
    'data/data.txt': 'Loomings! Epilogue!'
  })
  expect((await readFiction(folder)).map(({ text }) => text)).toEqual(['Loomings!', 'Epilogue!'])
})

test('a line of WordNet becomes words and gloss, forty lines a page', async () => {
  const entry =
    '00001740 03 n 02 living_thing 0 galore(ip) 0 001 @ 00003553 n 0000 | a gloss; "so"  '
  const licence = '  1 This software and database is being provided to you'
  const folder = await packageOf({
    'dict/data.noun': [licence, ...Array.from({ length: 41 }, () => entry), ''].join('\n'),
    'dict/data.verb': '',
    'dict/data.adj': '',
    'dict/data.adv': ''
  })
  const pages = await readDictionary(folder)
  expect(pages.map(({ text }) => text.split('\n').length)).toEqual([40, 1])
  expect(pages[1]).toEqual({ text: 'living thing, galore: a gloss; "so"', source: 'noun 2' })
})

test('each passage of the book is there in one language only', async () => {
  const verses = Array.from({ length: 100 }, (_, index) => index + 1)
  const book = (language: string) => [
    {
      id: 1,
      transliteration: 'A',
      verses: verses.map((id) => ({ id, text: `ar${id}`, translation: `${language}${id}` }))
    }
  ]
  const files: Record<string, unknown> = {}
  for (const language of ['es', 'fr', 'id', 'ru', 'sv', 'tr', 'zh', 'bn', 'ur']) {
    files[`dist/quran_${language}.json`] = book(language)
  }
  const [arabic] = book('')
  files['dist/quran.json'] = [{ ...arabic, verses: verses.map((id) => ({ id, text: `ar${id}` })) }]
  const found = (await readLanguages(await packageOf(files), LANGUAGES)).flatMap(({ text }) =>
    text.split('\n')
  )
  expect(found.map((verse) => Number(verse.replace(/\D/g, '')))).toEqual(verses)
  expect(new Set(found.map((verse) => verse.replace(/\d/g, ''))).size).toBe(10)
})

test('code is the sources of the ending asked for, of a sensible length', async () => {
  const source = '// what it does\n'.repeat(40)
  const folder = await packageOf({
    'src/math/a.js': source,
    'src/math/a.d.ts': source,
    'src/tiny.js': 'x',
    'build/bundle.js': source
  })
  expect(await readCode(folder, 'src', '.js')).toEqual([{ text: source.trim(), source: 'math' }])
})

test('a comment gives its sentences without code, tags and links', () => {
  const comment = `*
     * Calls {@link back} or {@link fs.open the file's opener}; see [the guide](http://x).
     *
     * \`\`\`js
     * call()
     * \`\`\`
     * @param path what to open,
     *   on more than one line
     * @since v1
     `
  expect(commentProse(comment)).toBe("Calls back or the file's opener; see the guide.")
})

test('the manual is the long comments of declarations', async () => {
  const long = 'This is what it does in the end. '.repeat(12).trim()
  const folder = await packageOf({ 'fs.d.ts': `/** ${long} */\nfunction a(): void\n/** Short. */` })
  expect(await readManual(folder)).toEqual([{ text: long, source: 'fs.d.ts' }])
})
