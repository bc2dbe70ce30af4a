import assert from 'node:assert/strict'
import { dirname, posix } from 'node:path'
import { describe, test } from 'node:test'
import { constants, isLimit, limitObjects, shownValue } from './limits.ts'
import { codeIn, exists, expectNone, list, read, sources, tableRows, tableUnder } from './repository.ts'

const documents = list('*.md', 'docs/**/*.md', 'vectors/**/*.md')

test('links between documents lead somewhere', () => {
  expectNone(
    documents.flatMap(path =>
      [...read(path).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)]
        .map(([, target = '']) => target)
        .filter(target => !exists(posix.join(dirname(path), target)))
        .map(target => `${path}: ${target} does not exist`),
    ),
  )
})

test('files that documents name are there', () => {
  const named = /`((?:packages|apps|docs|tidy|scripts|schema|vectors|bench|stubs)\/[\w./-]+\.[a-z]+)`/g
  expectNone(
    documents.flatMap(path =>
      [...read(path).matchAll(named)]
        .map(([, target = '']) => target)
        .filter(target => !exists(target))
        .map(target => `${path}: ${target} does not exist`),
    ),
  )
})

test('the README begins with the line that starts and the line that tests', () => {
  const [start, testing] = [...read('README.md').matchAll(/^```[^\n]*\n([^]*?)\n```$/gm)].map(
    block => block[1],
  )
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  assert.equal(start, 'npm ci && npm start')
  assert.equal(testing, 'npm ci && npm test')
  assert.match(scripts['start'] ?? '', /\bup$/)
  assert.match(scripts['test'] ?? '', /^node .*\bscripts\/test\.ts$/)
  assert.equal(read('.ci/run').trimEnd().split('\n').at(-1), testing)
})

describe('docs/ERRORS.md', () => {
  const document = read('docs/ERRORS.md')
  const unions = sources('packages/*/src/**/*.ts', 'apps/*/src/**/*.ts').flatMap(({ text }) =>
    [...text.matchAll(/^export type (\w+)ErrorCode =\n?((?:\s*(?:\/\*\*.*\*\/|\| '[\w-]+'))+)/gm)].map(
      ([, name = '', members = '']) => ({
        name: `${name}Error`,
        codes: [...members.matchAll(/\| '([\w-]+)'/g)].map(([, code = '']) => code),
      }),
    ),
  )

  test('knows every class of errors', () => {
    assert.ok(unions.length >= 6)
    const headings = [...document.matchAll(/^## `(\w+Error)`$/gm)].map(([, name = '']) => name)
    assert.deepEqual(headings.toSorted(), unions.map(({ name }) => name).toSorted())
  })

  for (const { name, codes } of unions) {
    test(`lists the codes of ${name}`, () => {
      const listed = tableUnder(document, `\`${name}\``).map(([code]) => codeIn(code))
      assert.deepEqual(listed.toSorted(), codes.toSorted())
    })
  }

  test('says which status the endpoint gives each ClientError', () => {
    const rows = read('packages/client/src/http/refusal.ts').matchAll(/^ +'?([\w-]+)'?: \{ status: (\d+)/gm)
    const given = [...rows].map(([, code, status]) => `${code} ${status}`)
    const listed = tableUnder(document, '`ClientError`').map(([code, status]) => `${codeIn(code)} ${status}`)
    assert.deepEqual(listed.toSorted(), given.toSorted())
  })

  test('lists the reasons by which a proxy refuses a query', () => {
    const reasons = [...read('packages/proxy/src/refusal.ts').matchAll(/^ +reason: '(\w+)'/gm)].map(
      ([, reason = '']) => reason,
    )
    const listed = tableUnder(document, 'Refusals of a proxy').map(([reason]) => codeIn(reason))
    assert.deepEqual(listed.toSorted(), reasons.toSorted())
  })
})

describe('docs/LIMITS.md', async () => {
  const document = read('docs/LIMITS.md')
  const objects = await limitObjects()

  test('has a section for each object of limits', () => {
    const headings = [...document.matchAll(/^### `(\w+)`$/gm)].map(([, name = '']) => name)
    assert.deepEqual(headings.toSorted(), objects.map(({ name }) => name).toSorted())
  })

  for (const { name, path, values } of objects) {
    test(`lists ${name} of ${path} with its values`, () => {
      const rows = tableUnder(document, `\`${name}\``)
      const listed = Object.fromEntries(rows.map(([limit, value]) => [codeIn(limit), value]))
      const due = Object.entries(values).map(([limit, value]) => [limit, shownValue(limit, value)])
      assert.deepEqual(listed, Object.fromEntries(due))
    })
  }

  test('lists the limits that are constants, with their values and files', () => {
    const row = (name: string, value: string, path: string): string =>
      `| \`${name}\` | ${value} | \`${path}\` |`
    const known = constants().map(constant => ({
      isDue: isLimit(constant),
      line: row(constant.name, shownValue(constant.name, constant.value), constant.path),
    }))
    const listed = tableUnder(document, 'Constants').map(([name, value = '', path]) =>
      row(codeIn(name), value, codeIn(path)),
    )
    expectNone([
      ...known
        .filter(({ isDue, line }) => isDue && !listed.includes(line))
        .map(({ line }) => `missing: ${line}`),
      ...listed
        .filter(line => !known.some(constant => constant.line === line))
        .map(line => `not so: ${line}`),
    ])
  })
})

describe('docs/OPERATIONS.md', () => {
  const document = read('docs/OPERATIONS.md')

  test('lists every event of the log at its level', () => {
    const [, levels = ''] = /const levels: [^=]+ = \{([^}]+)\}/.exec(read('apps/cli/src/log.ts')) ?? []
    const due = [...levels.matchAll(/^ +'?([\w-]+)'?: '(\w+)'/gm)].map(
      ([, event, level]) => `${level} ${event}`,
    )
    const listed = tableUnder(document, 'Logs').flatMap(([level, events = '']) =>
      [...events.matchAll(/`([\w-]+)`/g)].map(([, event]) => `${level} ${event}`),
    )
    assert.ok(due.length > 0)
    assert.deepEqual(listed.toSorted(), due.toSorted())
  })

  test('lists every metric', () => {
    const surfaces = sources('apps/cli/src/http/*.ts')
    const due = surfaces.flatMap(({ text }) =>
      [...text.matchAll(/kind: '(?:counter|gauge)',\s+name: '(\w+)'/g)].map(([, name = '']) => name),
    )
    const listed = tableUnder(document, 'Metrics').flatMap(([names = '']) =>
      [...names.matchAll(/`(\w+)/g)].map(([, name = '']) => name),
    )
    assert.deepEqual(listed.toSorted(), [...new Set(due)].toSorted())
  })
})

describe('docs/TRUST.md', () => {
  const document = read('docs/TRUST.md')

  test('lists every check of a quote with its step', () => {
    const [, steps = ''] =
      /verificationSteps = \{([^}]+)\}/.exec(read('packages/trust/src/verify/checks.ts')) ?? []
    const due = [...steps.matchAll(/^ +'?([\w-]+)'?: (\d+)/gm)].map(([, name, step]) => `${name} ${step}`)
    const listed = tableUnder(document, 'What is verified').map(([name, step]) => `${codeIn(name)} ${step}`)
    assert.ok(due.length > 0)
    assert.deepEqual(listed, due)
  })

  test('lists every member of a policy', () => {
    const [, members = ''] =
      /const readers: [^{]+\{([^]+?)\n\}/.exec(read('packages/trust/src/policy/read-policy.ts')) ?? []
    const due = [...members.matchAll(/^ {2}(\w+):/gm)].map(([, name]) => name)
    assert.ok(due.length > 0)
    assert.deepEqual(
      tableUnder(document, 'Policies').map(([name]) => codeIn(name)),
      due,
    )
  })
})

test('every guarantee in docs/SECURITY.md names the test that holds it', () => {
  const rows = tableRows(read('docs/SECURITY.md').split('\n')).filter(row => /^\d+$/.test(row[0] ?? ''))
  assert.ok(rows.length > 0)
  expectNone(
    rows.flatMap(([number, , held = '']) => {
      const tests = [...held.matchAll(/`([\w./-]+\.ts)`(?: "([^"]+)")?/g)]
      if (tests.length === 0) return [`${number}: names no test`]
      return tests.flatMap(([, path = '', name]) => {
        if (!exists(path)) return [`${number}: ${path} does not exist`]
        return name !== undefined && !read(path).includes(name)
          ? [`${number}: ${path} has no test "${name}"`]
          : []
      })
    }),
  )
})

test('decisions are told in five lines', () => {
  const parts = ['What', 'Why', 'Instead', 'Cost', 'Again']
  expectNone(
    list('docs/decisions/*.md').flatMap(path => {
      const [title = '', list = '', ...more] = read(path).trimEnd().split('\n\n')
      const names = [...list.matchAll(/^- (\w+): /gm), ...more.map(() => [])].map(([, name]) => name)
      return [
        ...(/\/\d{4}-\d\d-\d\d-[a-z\d-]+\.md$/.test(path)
          ? []
          : [`${path}: is not named by date and subject`]),
        ...(/^# .+$/.test(title) ? [] : [`${path}: does not begin with a title`]),
        ...(names.join() === parts.join() ? [] : [`${path}: is not one list of ${parts.join(', ')}`]),
      ]
    }),
  )
})

test('every folder of vectors says what it holds and where it is from', () => {
  const folders = new Set(list('vectors/*/**').map(path => path.split('/').slice(0, 2).join('/')))
  expectNone(
    [...folders].filter(folder => !exists(`${folder}/README.md`)).map(folder => `${folder}: no README.md`),
  )
})
