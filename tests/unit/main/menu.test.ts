import type { MenuItemConstructorOptions } from 'electron'
import { expect, test } from 'vitest'
import { menuTemplate } from '../../../src/main/menu'
import type { MenuState } from '../../../src/main/menu'
import { SHELL_ACTIONS } from '#shared/shell'

const state: MenuState = {
  isMac: false,
  isPackaged: true,
  hasProject: true,
  isRemote: false,
  isRunning: false,
  recent: [{ id: 'a', title: 'languages' }]
}

function itemsOf(change: Partial<MenuState> = {}) {
  const chosen: string[] = []
  const deed = (name: string) => () => void chosen.push(name)
  const template = menuTemplate(
    { ...state, ...change },
    {
      create: deed('create'),
      open: deed('open'),
      openRecent: (id) => void chosen.push(`recent ${id}`),
      reveal: deed('reveal'),
      tell: (action) => void chosen.push(action)
    }
  )
  const flat = (items: MenuItemConstructorOptions[]): MenuItemConstructorOptions[] =>
    items.flatMap((item) => [item, ...(Array.isArray(item.submenu) ? flat(item.submenu) : [])])
  return { items: flat(template), chosen }
}

const click = (item: MenuItemConstructorOptions) => (item.click as () => void)()

test('every action of the page has an item, and asks for it by its id', () => {
  const { items, chosen } = itemsOf()
  for (const action of SHELL_ACTIONS) click(items.find(({ id }) => id === action)!)
  expect(chosen).toEqual([...SHELL_ACTIONS])
})

test('no two items share an accelerator', () => {
  const accelerators = itemsOf().items.flatMap(({ accelerator }) => accelerator ?? [])
  expect(new Set(accelerators).size).toBe(accelerators.length)
})

test('without a project what needs one is off; a running study can only be stopped', () => {
  const isOn = (change: Partial<MenuState>, id: string) =>
    itemsOf(change).items.find((item) => item.id === id)!.enabled !== false
  expect(isOn({ hasProject: false }, 'run-study')).toBe(false)
  expect(isOn({ hasProject: false }, 'open')).toBe(true)
  expect([isOn({}, 'reveal'), isOn({ isRemote: true }, 'reveal')]).toEqual([true, false])
  expect([isOn({ isRunning: true }, 'run-study'), isOn({ isRunning: true }, 'stop-study')]).toEqual(
    [false, true]
  )
})

test('recent projects are named, and opened by id', () => {
  const { items, chosen } = itemsOf()
  click(items.find(({ label }) => label === 'languages')!)
  expect(chosen).toEqual(['recent a'])
})

test('a packaged application has no developer tools', () => {
  const has = (isPackaged: boolean) =>
    itemsOf({ isPackaged }).items.some(({ role }) => role === 'toggleDevTools')
  expect([has(true), has(false)]).toEqual([false, true])
})
