import { symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { namedTokens } from '#engine/checkpoints/specialTokens'
import { temporaryFolder } from '../../../support/temporaryFolder'

test('what begins a text comes first, the tokenizer’s word before the model’s', async () => {
  const folder = await temporaryFolder()
  const tokenizer = { bos_token: { content: '<s>' }, eos_token: '</s>' }
  await writeFile(join(folder, 'tokenizer_config.json'), JSON.stringify(tokenizer))
  const config = { bos_token_id: 1, eos_token_id: [2, 3] }
  await writeFile(join(folder, 'config.json'), JSON.stringify(config))
  expect((await namedTokens(folder)).map(({ token }) => token)).toEqual(['<s>', 1, '</s>', 2])
})

test('a folder without these files names no token', async () => {
  expect(await namedTokens(await temporaryFolder())).toEqual([])
})

test.each([
  ['config.json', '{'],
  ['tokenizer_config.json', 'no']
])('%s that is no JSON is refused', async (name, text) => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, name), text)
  await expect(namedTokens(folder)).rejects.toMatchObject({
    code: 'checkpoint/invalid',
    message: expect.stringContaining('it is not JSON') as string
  })
})

test('a link that leads out of the folder is not read', async () => {
  const [folder, outside] = [await temporaryFolder(), await temporaryFolder()]
  await writeFile(join(outside, 'secret.json'), '{"bos_token": "secret"}')
  await symlink(join(outside, 'secret.json'), join(folder, 'tokenizer_config.json'))
  await expect(namedTokens(folder)).rejects.toMatchObject({ code: 'checkpoint/invalid' })
})
