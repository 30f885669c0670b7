// What Node 16.17 lacks and the product uses. The Electron of the tests has that Node; the one that
// Assay is pinned to has 24. Loaded into main by -r, into the engine's process and its
// workers by NODE_OPTIONS;
// never part of the product. docs/decisions/0005 says why.
'use strict'
const v8 = require('node:v8')
const util = require('node:util')
const Module = require('node:module')

// Children of this process get it too. In a packaged trial every entry begins with it instead.
if (!__filename.includes('.asar')) {
  const { NODE_OPTIONS: others = '' } = process.env
  if (!others.includes(__filename)) {
    process.env.NODE_OPTIONS = `--require ${__filename} ${others}`.trim()
  }
}

function define(target, name, value) {
  if (name in target) return
  Object.defineProperty(target, name, { value, writable: true, configurable: true })
}

define(globalThis, 'structuredClone', (value) => v8.deserialize(v8.serialize(value)))
define(globalThis, 'TransformStream', require('node:stream/web').TransformStream)
define(globalThis, 'ReadableStream', require('node:stream/web').ReadableStream)

const arrays = [Array.prototype, Object.getPrototypeOf(Uint8Array.prototype)]
for (const prototype of arrays) {
  define(prototype, 'toSorted', function (compare) {
    return this.slice().sort(compare)
  })
  define(prototype, 'toReversed', function () {
    return this.slice().reverse()
  })
  define(prototype, 'with', function (index, value) {
    const copy = this.slice()
    copy[index < 0 ? copy.length + index : index] = value
    return copy
  })
  define(prototype, 'findLast', function (test, self) {
    for (let i = this.length - 1; i >= 0; i--) if (test.call(self, this[i], i, this)) return this[i]
  })
  define(prototype, 'findLastIndex', function (test, self) {
    for (let i = this.length - 1; i >= 0; i--) if (test.call(self, this[i], i, this)) return i
    return -1
  })
}
define(Array.prototype, 'toSpliced', function (...change) {
  const copy = this.slice()
  copy.splice(...change)
  return copy
})
define(URL, 'canParse', (text, base) => {
  try {
    return Boolean(new URL(text, base))
  } catch {
    return false
  }
})
define(URL, 'parse', (text, base) => (URL.canParse(text, base) ? new URL(text, base) : null))
const os = require('node:os')
define(os, 'availableParallelism', () => os.cpus().length)
const buffer = require('node:buffer')
const strict = new util.TextDecoder('utf-8', { fatal: true })
define(buffer, 'isUtf8', (bytes) => {
  try {
    strict.decode(bytes)
    return true
  } catch {
    return false
  }
})

define(process, 'availableMemory', () => os.freemem())
define(process, 'constrainedMemory', () => 0)
define(process, 'getBuiltinModule', (name) => require(name))

// AbortSignal.any and .timeout, as plain as they are used.
define(AbortSignal, 'any', (signals) => {
  const controller = new AbortController()
  for (const signal of signals) {
    if (signal.aborted) controller.abort(signal.reason)
    else signal.addEventListener('abort', () => controller.abort(signal.reason), { once: true })
  }
  return controller.signal
})
define(AbortSignal.prototype, 'throwIfAborted', function () {
  if (this.aborted) throw this.reason
})

const crypto = require('node:crypto')
define(crypto, 'hash', (algorithm, data, encoding = 'hex') =>
  crypto.createHash(algorithm).update(data).digest(encoding)
)

const disk = require('node:fs')
// Room on a disk that is never too small.
const room = { bsize: 4096, blocks: 2 ** 32, bfree: 2 ** 31, bavail: 2 ** 31 }
define(disk.promises, 'statfs', async () => room)
define(disk, 'statfsSync', () => room)

define(String.prototype, 'isWellFormed', function () {
  return !/\p{Surrogate}/u.test(this)
})
define(String.prototype, 'toWellFormed', function () {
  return this.replace(/\p{Surrogate}/gu, '\ufffd')
})

// Electron puts a `readdir` of its own there after this file: it is taught when it is asked for.
let taught = null
function teachFolders(promises) {
  if (promises.readdir === taught) return
  const { readdir } = promises
  promises.readdir = taught = async (folder, options) => {
    if (!options?.recursive) return readdir(folder, options)
    const { recursive: _, ...rest } = options
    const entries = await readdir(folder, { ...rest, withFileTypes: true })
    const below = entries.map(async (entry) => {
      entry.parentPath = entry.path = folder
      const path = require('node:path').join(folder, entry.name)
      return [entry, ...(entry.isDirectory() ? await promises.readdir(path, options) : [])]
    })
    return (await Promise.all(below)).flat()
  }
}

// protocol.handle came with Electron 25.
define(
  globalThis,
  'Response',
  class Response {
    constructor(body, { status = 200, headers = {} } = {}) {
      this.body = Buffer.from(body)
      this.status = status
      this.headers = headers
    }
  }
)
const load = Module._load
Module._load = function (request, ...rest) {
  const loaded = load.call(this, request, ...rest)
  if (/^(node:)?fs[/]promises$/.test(request)) teachFolders(loaded)
  if (request === 'electron' && loaded?.protocol && !loaded.protocol.handle) {
    define(loaded.protocol, 'handle', (scheme, answer) =>
      loaded.protocol.registerBufferProtocol(scheme, (asked, reply) => {
        Promise.resolve(answer({ url: asked.url, method: asked.method })).then((response) =>
          reply({ statusCode: response.status, headers: response.headers, data: response.body })
        )
      })
    )
  }
  return loaded
}
