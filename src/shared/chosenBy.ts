/** Why a mixture was trained; part of the records. */
import { z } from 'zod'

/**
 * Why a sequential model is trained. What the user picked, or took from a search's list (`top`), may
 * be just what a proxy flatters: the headline leaves it out.
 */
export const ChosenBySchema = z.enum(['random', 'design', 'top', 'user'])
export type ChosenBy = z.infer<typeof ChosenBySchema>
