/** E-mail: what people wrote in plain text, without headers, quotations and signatures. */
import { join } from 'node:path'
import { listFiles, readJson } from './documents'
import type { DemoDocument } from './documents'

/** The package's folders of messages that people wanted. */
export const WANTED_MAIL = ['easy-ham-1', 'easy-ham-2', 'hard-ham-1'] as const

/** And of those that they did not. */
export const UNWANTED_MAIL = ['spam-1', 'spam-2'] as const

/** Messages of some of the package's folders, as far as they are plain text. */
export async function readMail(folder: string, kinds: readonly string[]): Promise<DemoDocument[]> {
  const documents: DemoDocument[] = []
  for (const file of await listFiles(join(folder, 'data'))) {
    if (!kinds.includes(file.split('/')[0]!) || !file.endsWith('.json')) continue
    const { text } = await readJson<{ text: string }>(folder, 'data', file)
    const document = plainMessage(text)
    if (document) documents.push(document)
  }
  return documents
}

/**
 * Subject and body of a message; null when its body is not unencoded plain text of some length.
 *
 * Quoted lines go: they are other messages over again. So do signatures and the footers of mailing
 * lists, which stand under hundreds of messages.
 */
export function plainMessage(message: string): DemoDocument | null {
  const lines = message.replaceAll('\r\n', '\n').split('\n')
  const blank = lines.findIndex((line) => line.trim() === '')
  if (blank < 0) return null
  const headers = readHeaders(lines.slice(0, blank))
  const type = headers.get('content-type') ?? 'text/plain'
  const encoding = headers.get('content-transfer-encoding') ?? '7bit'
  if (!/^text\/plain/i.test(type) || !/^[78]bit/i.test(encoding)) return null
  const subject = headers.get('subject') ?? ''
  const body = ownWords(lines.slice(blank + 1))
  if (body.length < 200 || subject.includes('=?')) return null
  if (/\ufffd|<html|<table|BEGIN PGP/i.test(body)) return null
  const thread = subject.replace(/^((re|fwd?|aw)(\[\d+\])?:|\[[^\]]*\]|\s)+/gi, '').trim()
  return { text: `Subject: ${subject}\n\n${body}`, source: thread.toLowerCase() || '(no subject)' }
}

/** Header lines by lower-case name; a line that begins with a blank goes on with the one before. */
function readHeaders(lines: readonly string[]): Map<string, string> {
  const headers = new Map<string, string>()
  let last = ''
  for (const line of lines) {
    const named = /^([A-Za-z-]+):\s*(.*)$/.exec(line)
    if (named) {
      last = named[1]!.toLowerCase()
      if (!headers.has(last)) headers.set(last, named[2]!.trim())
    } else if (/^\s/.test(line) && headers.has(last)) {
      headers.set(last, `${headers.get(last)} ${line.trim()}`.trim())
    }
  }
  return headers
}

/** Lines under which a signature or a mailing list's footer follows. */
const FOOTER = /^(-- ?|_{10,}|-{10,}|[-=]{2,}=-=.*|={10,})$|^-+ ?Yahoo! Groups Sponsor/

function ownWords(lines: readonly string[]): string {
  const written: string[] = []
  for (const line of lines) {
    if (FOOTER.test(line)) {
      // A ruler at the top belongs to the text; one further down ends it.
      if (written.join('').length > 200) break
      continue
    }
    if (/^\s*([>|]|\w{1,4}>)/.test(line)) continue
    if (/(wrote|writes|said):\s*$/.test(line)) continue
    written.push(line.trimEnd())
  }
  return written
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
}
