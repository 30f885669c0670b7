import { expect, test } from 'vitest'
import { assertKnownPlaces } from '#engine/studies/knownPlaces'
import type { Study } from '#shared/records'
import { TrainerSchema } from '#shared/trainer'
import { smallStudy } from '../../../support/preparedText'

const study = (trainer?: object): Study => ({
  ...smallStudy(),
  ...(trainer ? { trainer: TrainerSchema.parse(trainer) } : {})
})

test('a screen may keep a trainer that is there as it stands, and set or change none', () => {
  const known = [study({ command: 'train {out}' })]
  const refused = expect.objectContaining({ code: 'study/invalid' }) as object
  const trying = (trainer?: object) => () => assertKnownPlaces(study(trainer), known)
  expect(trying({ command: 'train {out}' })).not.toThrow()
  expect(trying()).not.toThrow()
  expect(trying({ command: 'train {out} {init}' })).toThrow(refused)
  expect(trying({ command: 'train {out}', setup: ['rm -rf /'] })).toThrow(refused)
  expect(trying({ command: 'train {out}', folder: '/tmp' })).toThrow(refused)
  expect(() => assertKnownPlaces(study({ command: 'train {out}' }), [study()])).toThrow(refused)
})
