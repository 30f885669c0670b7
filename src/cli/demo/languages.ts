/** One book in many languages: passages of translations of the Quran. */
import { join } from 'node:path'
import { readJson } from './documents'
import type { DemoDocument } from './documents'

/** Languages by the name of their file, in turn; Arabic is the original. English is left out. */
export const LANGUAGES = ['es', 'fr', 'id', 'ru', 'sv', 'tr', 'zh', 'ar', 'bn', 'ur'] as const

/** Those of them in Latin letters. */
export const LATIN_LANGUAGES = ['es', 'fr', 'id', 'sv', 'tr'] as const

/** Verses that make one document. */
const VERSES = 8

interface Chapter {
  id: number
  transliteration: string
  verses: { id: number; text: string; translation?: string }[]
}

/**
 * Passages of eight verses, each in one language only, the languages taking turns.
 *
 * So no passage is there twice, not even in two translations.
 */
export async function readLanguages(
  folder: string,
  languages: readonly string[]
): Promise<DemoDocument[]> {
  const books = await Promise.all(
    languages.map((language) =>
      readJson<Chapter[]>(
        join(folder, 'dist', language === 'ar' ? 'quran.json' : `quran_${language}.json`)
      )
    )
  )
  const documents: DemoDocument[] = []
  let turn = 0
  for (const [index, { verses, transliteration }] of books[0]!.entries()) {
    for (let from = 0; from < verses.length; from += VERSES) {
      const chapter = books[turn++ % books.length]![index]!
      const passage = chapter.verses.slice(from, from + VERSES)
      documents.push({
        text: passage.map((verse) => verse.translation ?? verse.text).join('\n'),
        source: `chapter ${chapter.id} ${transliteration}`
      })
    }
  }
  return documents
}
