import { expect, test } from 'vitest'
import { StudyHistory } from '#engine/desk/studyHistory'
import type { StudyEdit } from '#engine/desk/studyHistory'
import { defaultStudy } from '#engine/studies/study'

const study = defaultStudy('one')
const other = { ...study, randomSeed: 2 }

function applied() {
  const edits: StudyEdit[] = []
  return { edits, apply: (edit: StudyEdit) => Promise.resolve(void edits.push(edit)) }
}

test('the last edit is taken back first and done again last', async () => {
  const history = new StudyHistory()
  const { edits, apply } = applied()
  history.add({ before: null, after: study })
  history.add({ before: study, after: other })
  await history.back(apply)
  await history.back(apply)
  expect(edits).toEqual([
    { before: other, after: study },
    { before: study, after: null }
  ])
  expect([history.undo, history.redo]).toEqual([null, 'adding the study one'])
  await history.back(apply)
  await history.forth(apply)
  expect([edits.length, history.undo]).toEqual([3, 'adding the study one'])
})

test('an edit that changes nothing is none, and a new one forgets what was undone', async () => {
  const history = new StudyHistory()
  history.add({ before: study, after: { ...study } })
  expect(history.undo).toBe(null)
  history.add({ before: study, after: other })
  await history.back(applied().apply)
  history.add({ before: study, after: null })
  expect([history.undo, history.redo]).toEqual(['removing the study one', null])
})

test('what cannot be taken back is still there to be', async () => {
  const history = new StudyHistory()
  history.add({ before: study, after: other })
  await expect(history.back(() => Promise.reject(new Error('it runs')))).rejects.toThrow('it runs')
  expect([history.undo, history.redo]).toEqual(['changing the study one', null])
})
