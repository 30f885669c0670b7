/** How far a listed project is, in words, and its small picture in words. Pure. */
import type { ProjectGlimpse, ShelvedProject } from '#shared/deskView'
import { grouped, percent, significant } from '../format'

/** The stage of a project without a picture of its matrix. */
export function stageWords(project: ShelvedProject, glimpse: ProjectGlimpse | undefined): string {
  if (project.problem !== null) return 'cannot be opened'
  if (project.partitions === 0) return 'no text yet'
  if (glimpse?.runs) {
    const { done, planned } = glimpse.runs
    return `${grouped(done)} of ${grouped(planned)} runs`
  }
  if (project.runs > 0) return `${grouped(project.runs)} runs done`
  return 'text imported'
}

/** What the picture of a matrix shows. */
export function pictureWords(title: string, glimpse: ProjectGlimpse): string {
  const { picture, study } = glimpse
  if (!picture) return ''
  const known = picture.cells.flat().filter((cell) => cell !== null)
  const signed = (change: number) =>
    `${change > 0 ? '+' : ''}${significant(change)}`.replace('-', '−')
  const range = [Math.min(...known), Math.max(...known)].map(signed).join(' to ')
  const better = percent(known.filter((cell) => cell < 0).length / known.length)
  const shown = picture.cells.length
  const many = picture.mixtures > shown ? ` (${grouped(shown)} shown)` : ''
  return (
    `${title}, study ${study}: ${grouped(picture.mixtures)} mixtures${many} on ` +
    `${grouped(picture.domains)} domains, ${picture.proxy} against the seed: ${range} nats per ` +
    `token, ${better} better; each domain to its own scale`
  )
}
