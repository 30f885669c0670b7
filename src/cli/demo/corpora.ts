/** Which corpora the demo is made of, and how much of which package goes into each. */
import type { CorpusRole, DomainKind } from '#shared/records'
import { readCode, readManual } from './code'
import type { DemoDocument } from './documents'
import { readLanguages } from './languages'
import { readMail } from './mail'
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

/**
 * The demo's corpora in the order in which they are imported.
 *
 * Bytes are chosen so that, at a vocabulary of 2,048, each partition gives one base unit of the study
 * beside its held-out part, and e-mail two: then micro and macro merges differ. The dictionary is
 * enough for the seed's token budget without repetition.
 */
export const CORPUS_RECIPES: readonly CorpusRecipe[] = [
  {
    name: 'dictionary',
    role: 'seed',
    packages: ['dictionary'],
    read: ([folder]) => readDictionary(folder!),
    bytes: 4_300_000
  },
  {
    name: SPEECHES[0],
    role: 'training',
    packages: ['speeches'],
    read: ([folder]) => readSpeeches(folder!, 'before'),
    bytes: 430_000
  },
  {
    name: SPEECHES[1],
    role: 'training',
    packages: ['speeches'],
    read: ([folder]) => readSpeeches(folder!, 'from'),
    bytes: 430_000
  },
  {
    name: 'e-mail',
    role: 'training',
    packages: ['mail'],
    read: ([folder]) => readMail(folder!),
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
    read: ([folder]) => readLanguages(folder!),
    bytes: 240_000
  },
  {
    name: 'fact-book',
    role: 'training',
    packages: ['factBook'],
    read: ([folder]) => readFactBook(folder!),
    bytes: 390_000
  },
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
