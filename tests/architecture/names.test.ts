import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { declarations } from './declarations'

/** The words that GLOSSARY.md bans in exported names: the list after "Banned". */
function bannedWords(): string[] {
  const text = readFileSync('GLOSSARY.md', 'utf8')
  const list = /^Banned in every exported name: (.*)\.$/m.exec(text)?.[1]
  return (list ?? '').split(', ')
}

/** `tokenIds` → `token`, `ids`; a plural counts as its singular. */
function wordsOf(name: string): string[] {
  return name
    .split(/(?<=[a-z0-9])(?=[A-Z])|[_\d]+/)
    .flatMap((word) => [word.toLowerCase(), word.toLowerCase().replace(/s$/, '')])
}

function bannedIn(names: string[]): string[] {
  const banned = new Set(bannedWords())
  return names.filter((name) => wordsOf(name).some((word) => banned.has(word)))
}

test('the list of banned words is read, and catches a name in any form', () => {
  expect(bannedWords()).toContain('dataset')
  expect(bannedIn(['loadDatasets', 'ExpertModel', 'MODEL_SOUP', 'helper', 'expertise'])).toEqual([
    'loadDatasets',
    'ExpertModel',
    'MODEL_SOUP',
    'helper'
  ])
})

test('no exported name uses a word that the glossary bans', () => {
  expect(bannedIn(declarations('src').map((one) => one.name))).toEqual([])
})

test('no file or folder of the sources is named with a banned word', () => {
  const names = [...new Set(declarations('src').flatMap((one) => one.file.split(/[/.]/)))]
  expect(bannedIn(names)).toEqual([])
})
