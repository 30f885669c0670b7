/** What a person does without a pointer: keys alone. */
import type { Locator, Page } from '@playwright/test'

/** More stops than any screen has. */
const MOST_STOPS = 250

/**
 * Presses Tab until an element has the keys.
 *
 * @throws Error where Tab never leads to it
 */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor()
  const element = (await target.elementHandle())!
  for (let stop = 0; stop < MOST_STOPS; stop++) {
    if (await element.evaluate((one) => one === document.activeElement)) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`Tab does not lead to ${String(target)}`)
}

/** Presses a button, or turns a box on or off. */
export async function pressKey(page: Page, target: Locator, key = 'Space'): Promise<void> {
  await tabTo(page, target)
  await page.keyboard.press(key)
}

/** Types over what stands in a field, and leaves it. */
export async function typeOver(page: Page, field: Locator, text: string): Promise<void> {
  await tabTo(page, field)
  await page.keyboard.press('Control+a')
  await page.keyboard.type(text)
  await page.keyboard.press('Tab')
}

/** Chooses of a list the option that begins so, by typing its first letters. */
export async function chooseTyping(page: Page, list: Locator, words: string): Promise<void> {
  await tabTo(page, list)
  await page.keyboard.type(words)
  await page.keyboard.press('Tab')
}
