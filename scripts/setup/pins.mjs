/** Which wheels the native half of TensorFlow comes from, by flavour, with sizes and SHA-256. */
import { readFileSync } from 'node:fs'

/**
 * @typedef {object} Wheel
 * @property {string} name
 * @property {string} version
 * @property {string} file
 * @property {string} sha256
 * @property {number} bytes
 */

/** @typedef {'cpu' | 'gpu'} Flavour */

/** @type {Record<Flavour, { laidBytes: number, wheels: Wheel[] }>} */
export const PINS = JSON.parse(readFileSync(new URL('pins.json', import.meta.url), 'utf8'))
