/** What axe says of a page. */
import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { expect } from 'vitest'

/**
 * Fails where what is shown breaks a rule of axe, in light or in dark colours.
 *
 * @param what is shown, to be named where it fails
 */
export async function expectAccessible(page: Page, what: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    const isSo = (scheme: string) => matchMedia(`(prefers-color-scheme: ${scheme})`).matches
    expect(await page.evaluate(isSo, colorScheme)).toBe(true)
    // Else axe opens a page of its own, which the desktop does not let anybody do.
    const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze()
    const found = violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])
    expect([what, colorScheme, found]).toEqual([what, colorScheme, []])
  }
}
