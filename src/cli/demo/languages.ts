/** One book in many languages: passages of translations of the Quran. */
import { join } from 'node:path'
import { readJson } from './documents'
import type { DemoDocument } from './documents'

/** Languages in turn, with the name of their file; Arabic is the original. English is left out. */
const LANGUAGES = ['es', 'fr', 'id', 'ru', 'sv', 'tr', 'zh', 'ar', 'bn', 'ur'] as const

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
export async function readLanguages(folder: string): Promise<DemoDocument[]> {
  const books = await Promise.all(
    LANGUAGES.map((language) =>
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
