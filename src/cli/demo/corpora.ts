/** Which corpora the demos are made of, and how much of which package goes into each. */
import type { CorpusRole, DomainKind } from '#shared/records'
import { readCode, readManual } from './code'
import type { DemoDocument } from './documents'
import { LANGUAGES, LATIN_LANGUAGES, readLanguages } from './languages'
import { readMail, UNWANTED_MAIL, WANTED_MAIL } from './mail'
import type { PackageKey } from './packages'
import { readDictionary, readFactBook, readFiction, readSpeeches } from './prose'

export interface CorpusRecipe {
  name: string
  role: CorpusRole
  domainKind?: DomainKind
  /** Packages the text is taken from, and all documents they give. */
  packages: readonly PackageKey[]
  read(folders: readonly string[]): Promise<DemoDocument[]>
  /** Bytes of text after which no further document is drawn; null: all of it. */
  bytes: number | null
}

/** The later of the two partitions of speeches, and the earlier: the near pair. */
export const SPEECHES = ['speeches-before-1913', 'speeches-from-1913'] as const

const DICTIONARY: CorpusRecipe = {
  name: 'dictionary',
  role: 'seed',
  packages: ['dictionary'],
  read: ([folder]) => readDictionary(folder!),
  bytes: 4_300_000
}

/** Measured on, and trained on by nothing. */
const OUT_OF_DOMAIN: readonly CorpusRecipe[] = [
  {
    name: 'fiction',
    role: 'evaluation',
    domainKind: 'out',
    packages: ['fiction'],
    read: ([folder]) => readFiction(folder!),
    bytes: null
  },
  {
    name: 'manual',
    role: 'evaluation',
    domainKind: 'out',
    packages: ['manual'],
    read: ([folder]) => readManual(folder!),
    bytes: null
  }
]

/**
 * The demo's corpora in the order in which they are imported.
 *
 * Bytes are chosen so that, at a vocabulary of 2,048, each partition gives one base unit of the study
 * beside its held-out part, and e-mail two: then micro and macro merges differ. The dictionary is
 * enough for the seed's token budget without repetition.
 */
export const CORPUS_RECIPES: readonly CorpusRecipe[] = [
  DICTIONARY,
  {
    name: SPEECHES[0],
    role: 'training',
    packages: ['speeches'],
    read: ([folder]) => readSpeeches(folder!, [1790, 1912]),
    bytes: 430_000
  },
  {
    name: SPEECHES[1],
    role: 'training',
    packages: ['speeches'],
    read: ([folder]) => readSpeeches(folder!, [1913, 2021]),
    bytes: 430_000
  },
  {
    name: 'e-mail',
    role: 'training',
    packages: ['mail'],
    read: ([folder]) => readMail(folder!, [...WANTED_MAIL, ...UNWANTED_MAIL]),
    bytes: 620_000
  },
  {
    name: 'code',
    role: 'training',
    packages: ['three', 'rxjs'],
    read: async ([three, rxjs]) => [
      ...(await readCode(three!, 'src', '.js')),
      ...(await readCode(rxjs!, 'src', '.ts'))
    ],
    bytes: 310_000
  },
  {
    name: 'languages',
    role: 'training',
    packages: ['quran'],
    read: ([folder]) => readLanguages(folder!, LANGUAGES),
    bytes: 240_000
  },
  {
    name: 'fact-book',
    role: 'training',
    packages: ['factBook'],
    read: ([folder]) => readFactBook(folder!),
    bytes: 390_000
  },
  ...OUT_OF_DOMAIN
]

/** Partition of a recipe, named by its years. */
const speeches = (first: number, last: number): CorpusRecipe => ({
  name: `speeches-${first}-${last}`,
  role: 'training',
  packages: ['speeches'],
  read: ([folder]) => readSpeeches(folder!, [first, last], 12_000),
  bytes: 480_000
})

const mail = (name: string, kinds: readonly string[], bytes: number): CorpusRecipe => ({
  name,
  role: 'training',
  packages: ['mail'],
  read: ([folder]) => readMail(folder!, kinds),
  bytes
})

const languages = (name: string, which: readonly string[], bytes: number): CorpusRecipe => ({
  name,
  role: 'training',
  packages: ['quran'],
  read: ([folder]) => readLanguages(folder!, which),
  bytes
})

/** The corpora of the large demo: the same packages, more of their text, eleven partitions. */
export const LARGE_CORPUS_RECIPES: readonly CorpusRecipe[] = [
  DICTIONARY,
  speeches(1790, 1850),
  speeches(1851, 1912),
  speeches(1913, 1968),
  speeches(1969, 2021),
  mail('wanted-mail', WANTED_MAIL, 860_000),
  mail('unwanted-mail', UNWANTED_MAIL, 430_000),
  {
    name: 'graphics-code',
    role: 'training',
    packages: ['three'],
    read: ([folder]) => readCode(folder!, 'src', '.js'),
    bytes: 620_000
  },
  {
    name: 'stream-code',
    role: 'training',
    packages: ['rxjs'],
    read: ([folder]) => readCode(folder!, 'src', '.ts'),
    bytes: 310_000
  },
  languages('latin-letters', LATIN_LANGUAGES, 330_000),
  languages(
    'other-letters',
    LANGUAGES.filter((one) => !(LATIN_LANGUAGES as readonly string[]).includes(one)),
    240_000
  ),
  {
    name: 'fact-book',
    role: 'training',
    packages: ['factBook'],
    read: ([folder]) => readFactBook(folder!),
    bytes: 390_000
  },
  ...OUT_OF_DOMAIN
]
