/**
 * Which folder may import which, as one table; ARCHITECTURE.md explains it.
 *
 * Left: a folder or file. Right: all it may import of ours. Each rule says what to do instead.
 */
/** @param {string} path */
const engine = (path) => `src/engine/${path}`
const SHARED = 'src/shared/'
const PARAMETERS = engine('parameters.ts')
const FILES = engine('storage/files.ts')
const SEALS = engine('storage/seal')
const READING = engine('storage/reading.ts')

/** @type {{ from: string[], to: string[], instead: string }[]} */
export const TABLE = [
  {
    from: [SHARED],
    to: [SHARED],
    instead:
      'shared/ is what both sides of a border speak: move what it needs here, or the code out.'
  },
  {
    from: ['src/cli/'],
    to: ['src/cli/', SHARED, engine('index.ts'), 'package.json'],
    instead: 'Shells know the engine by its door only: export from engine/index.ts what is missing.'
  },
  ...['main', 'preload'].map((folder) => ({
    from: [`src/${folder}/`],
    to: [`src/${folder}/`, SHARED],
    instead:
      'The desktop speaks to the engine in its own process: send it an order of shared/shell.ts.'
  })),
  {
    from: ['src/renderer/'],
    to: ['src/renderer/', SHARED],
    instead: 'The window knows records and the contract: ask the engine by a command instead.'
  },
  ...['backends', 'statistics', 'tokenizer'].map((folder) => ({
    from: [engine(`${folder}/`)],
    to: [engine(`${folder}/`), PARAMETERS, FILES, READING, SHARED],
    instead: `${folder}/ stands alone: hand it what it needs as arguments.`
  })),
  {
    from: [engine('data/')],
    to: [engine('data/'), engine('tokenizer/'), PARAMETERS, FILES, READING, SEALS, SHARED],
    instead: 'data/ knows text and token files: hand it anything else as arguments.'
  },
  {
    from: [engine('storage/')],
    to: [engine('storage/'), PARAMETERS, SHARED],
    instead:
      'storage/ keeps records and knows no science: compute elsewhere, and hand it the result.'
  },
  ...['merging', 'checkpoints'].map((folder) => ({
    from: [engine(`${folder}/`)],
    to: [engine(`${folder}/`), FILES, READING, PARAMETERS, SHARED],
    instead: `${folder}/ works on parameter sets: take a ParameterSource or ParameterSink instead.`
  })),
  {
    from: [engine('proxies/')],
    to: [engine('proxies/'), engine('statistics/'), PARAMETERS, SHARED],
    instead: 'Proxies read measurements; what measures or stores belongs to studies/.'
  },
  {
    from: [engine('model/')],
    to: [engine('model/'), engine('backends/'), PARAMETERS, SHARED],
    instead:
      'model/ is a function from token ids to logits: training, text and files are not its affair.'
  },
  ...['training', 'evaluation'].map((folder) => ({
    from: [engine(`${folder}/`)],
    // prettier-ignore
    to: [engine(`${folder}/`), engine('model/'), engine('backends/'), engine('data/'),
      engine('tokenizer/'), PARAMETERS, SHARED],
    instead: `${folder}/ gets its data as streams and gives its results back: workers/ stores them.`
  })),
  {
    from: [engine('workers/(pool|deviceSlots|jobs|reportJobs|workerProcess).ts')],
    to: [engine('workers/(pool|deviceSlots|jobs|reportJobs).ts'), SHARED],
    instead: 'This side of the workers runs on the host: send a job instead of doing the work.'
  },
  {
    from: [engine('workers/reportJob.ts')],
    // prettier-ignore
    to: [engine('workers/(jobs|reportJobs).ts'), engine('studies/(report|results|tables|matrix|packMatrix|toldAdditions|evidence/(belief|diagnosis|predicted)|htmlReport/page|latexReport/tables).ts'),
      engine('storage/(measurements|traces).ts'), SHARED],
    instead: 'This job reads what is stored and hands it to studies/: compute there.'
  },
  {
    from: [engine('workers/(?!(pool|deviceSlots|jobs|reportJobs|workerProcess|reportJob).ts)')],
    // prettier-ignore
    to: [engine('workers/'), engine('(backends|model|training|evaluation|merging|proxies|statistics|checkpoints|data|tokenizer)/'),
      engine('storage/(files|reading|presence|paths|runs|claims|processIdentity|sweepDrafts|traces|fingerprint|seals|sealedFiles).ts'), PARAMETERS, SHARED],
    instead: 'Only the host writes the project file: send back a result, and let studies/ store it.'
  },
  {
    from: [engine('executors/')],
    // prettier-ignore
    to: [engine('executors/'), engine('workers/(pool|jobs).ts'), engine('storage/'),
      engine('model/config.ts'), engine('backends/(?:devices|gpuMemory).ts'), SHARED],
    instead: 'Executors do jobs somewhere: what is to be done is planned in studies/.'
  },
  {
    from: [engine('studies/')],
    // prettier-ignore
    to: [engine('studies/'), engine('executors/'), engine('workers/(pool|jobs|reportJobs).ts'), engine('(storage|proxies|statistics)/'),
      engine('data/'), engine('model/config.ts'), PARAMETERS, SHARED],
    instead: 'studies/ plans and reports: work on text or tensors is a job for a worker.'
  }
]

/**
 * Packages that belong to certain folders only.
 *
 * @type {[string, string[]][]}
 */
export const PACKAGES = [
  ['@tensorflow/tfjs-core', [engine('(backends|model|training|evaluation)/'), engine('workers/')]],
  ['@tensorflow/tfjs-(node|backend)', [engine('backends/')]],
  ['lowdb', [engine('storage/')]],
  ['@duckdb', [engine('data/')]],
  ['apache-arrow', [engine('data/')]],
  ['tokenizers', [engine('tokenizer/')]],
  ['commander', ['src/cli/']],
  ['yaml', [engine('(checkpoints|merging|studies)/')]],
  ['ws', ['src/cli/serve/', 'src/main/remoteEngine']],
  ['electron/', ['src/main/', 'src/preload/']],
  ['(svelte|d3-)', ['src/renderer/']]
]

/** @param {string[]} paths */
const anyOf = (paths) => `^(${paths.map((path) => path.replaceAll('.ts', '[.]ts')).join('|')})`

const folderRules = TABLE.map(({ from, to, instead }) => ({
  name: `${from.join(', ')} imports only its own row`,
  severity: 'error',
  comment: instead,
  from: { path: anyOf(from) },
  to: { path: '^(src/|package[.]json)', pathNot: anyOf(to) }
}))

const packageRules = PACKAGES.map(([name, folders]) => ({
  name: `${name} stays in its place`,
  severity: 'error',
  comment: `Only ${folders.join(', ')} may know this package: call what they export.`,
  from: { path: '^src/', pathNot: anyOf(folders) },
  to: { path: `node_modules/${name}` }
}))

export default {
  forbidden: [
    ...folderRules,
    ...packageRules,
    {
      name: 'no tensors on the host thread',
      severity: 'error',
      comment: 'Tensor work blocks its thread. Send a job to the pool instead.',
      from: { path: '^src/(main|cli|renderer|preload|shared)/|^src/engine/(index|engine)[.]ts$' },
      to: { path: 'node_modules/@tensorflow/', reachable: true }
    },
    {
      name: 'no cycles',
      severity: 'error',
      comment: 'Two files that need each other are one thing, or hide a third one: take it out.',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } }
    },
    {
      name: 'nothing unresolved',
      severity: 'error',
      comment: 'This import leads nowhere: correct its path, or install the package.',
      from: {},
      to: { couldNotResolve: true }
    },
    {
      name: 'no development packages in the product',
      severity: 'error',
      comment: 'What src imports at run time belongs under "dependencies" of package.json.',
      // The window is bundled: nothing of its packages is asked for at run time. And Electron is what
      // the desktop runs in.
      from: { path: '^src/', pathNot: '^src/renderer/' },
      to: {
        pathNot: 'node_modules/electron/',
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['type-only']
      }
    },
    {
      name: 'shared/ and the window are for browsers',
      severity: 'error',
      comment: 'Node exists on one side of the border only: move this to the engine.',
      from: { path: '^src/(shared|renderer)/' },
      to: { dependencyTypes: ['core'] }
    }
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json']
    },
    tsConfig: { fileName: 'tsconfig.engine.json' }
  }
}
