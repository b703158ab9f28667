import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { foldAll, views } from '../../projections/views.ts'
import { exampleBook, exampleScan } from './example-book.ts'

const documentation = readFileSync('docs/projections.md', 'utf8')
const shown = [...(await foldAll(views, exampleScan)).all(), ...(await foldAll(views, exampleBook)).all()]

test('every view is documented under its path', () => {
  for (const [path] of shown)
    expect(documentation).toContain(`## \`${path.replace(/\d{4}-\d\d-\d\d/, '<date>')}\``)
})

test('every example in the documentation is what the example book prints', () => {
  const examples = [...documentation.matchAll(/```(?:json|csv|text)\n([^`]*?)```/g)].map(([, text]) => text)
  expect(examples.length).toBeGreaterThan(8)
  const printed = new Set(shown.map(([, text]) => text))
  for (const example of examples) expect(printed.has(example ?? ''), example).toBe(true)
})

test('every figure of the report is explained', () => {
  const { figures } = JSON.parse(new Map(shown).get('kpi.json') ?? '')
  for (const name of Object.keys(figures))
    expect(documentation).toContain(`\`${name.replace(/_(365|252)_/, '_365_')}\``)
})
