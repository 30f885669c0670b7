/** Fingerprints as they are stored: each is also the name of a file or folder. */
import { z } from 'zod'

/**
 * Letters and digits, so that no record can lead out of its project: a project file may come from
 * somebody else, and `../..` for a fingerprint would be read, written or removed.
 */
export const FingerprintSchema = z
  .string()
  .regex(/^[\w-]{1,128}$/, 'a fingerprint is up to 128 letters and digits')
