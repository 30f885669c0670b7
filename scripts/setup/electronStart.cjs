// Laid into the tests' Electron as resources/app: starts the application named on its command line,
// `electron [flags] [-r module]… FOLDER [arguments]`, as Electron's own start page program would.
'use strict'
/** @type {any} */
const Module = require('node:module')
const fs = require('node:fs')
const path = require('node:path')
/** @type {any} Its undocumented calls are made. */
const app = require('electron').app

/** @type {string[]} */
const required = []
let target = ''
const args = process.argv.slice(1)
for (let i = 0; i < args.length && target === ''; i++) {
  const arg = args[i] ?? ''
  if (arg === '-r' || arg === '--require') required.push(args[++i] ?? '')
  else if (!arg.startsWith('-')) target = path.resolve(arg)
}
if (target === '') {
  process.stderr.write('usage: electron [flags] FOLDER\n')
  process.exit(2)
}

Object.defineProperty(process, 'defaultApp', { enumerable: true, value: true })
if (required.length > 0) Module._preloadModules(required)

const isFolder = fs.statSync(target).isDirectory()
const manifest = path.join(target, 'package.json')
if (isFolder && fs.existsSync(manifest)) {
  const { version, productName, name } = JSON.parse(fs.readFileSync(manifest, 'utf8'))
  if (version) app.setVersion(version)
  if (productName || name) app.name = productName || name
}
app.setAppPath(isFolder ? target : path.dirname(target))
try {
  Module._load(require.resolve(target), Module, true)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
  process.exit(1)
}
