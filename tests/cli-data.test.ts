import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli } from './support/cli'
import { useWorld } from './support/world'

const world = useWorld()
let directory: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ironflow-test-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

/** Runs a command line, split at blanks, in an environment of its own. */
function cli(environment: string, line: string, input?: string | Uint8Array) {
  const { url, apiKey } = world.server
  return runCli(
    line.split(' '),
    { IRONFLOW_SERVER_URL: url, IRONFLOW_API_KEY: apiKey, IRONFLOW_ENV: environment },
    input,
  )
}

/** The JSON that a command prints with `--json`; fails where the command does. */
async function json(environment: string, line: string) {
  const { code, stdout, stderr } = await cli(environment, `${line} --json`)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout)
}

describe('ironflow config', () => {
  it('sets, gets, patches, lists, shows the history of, rolls back and deletes a document', async () => {
    const set = await json('docs', 'config set limits {"seats":5}')
    expect(set).toEqual({
      name: 'limits',
      revision: expect.any(Number),
      epoch: expect.any(String),
      updatedAt: expect.any(String),
    })
    expect(await cli('docs', 'config get limits')).toEqual({ code: 0, stdout: '{\n  "seats": 5\n}\n', stderr: '' })

    const patched = await cli('docs', 'config patch limits {"trialDays":14}')
    expect(patched).toEqual({ code: 0, stdout: expect.stringMatching(/^limits is at revision \d+\n$/), stderr: '' })
    expect((await json('docs', 'config get limits')).data).toEqual({ seats: 5, trialDays: 14 })
    expect((await json('docs', `config get limits --revision ${set.revision}`)).data).toEqual({ seats: 5 })

    expect(await json('docs', 'config list')).toMatchObject([{ name: 'limits' }])
    expect((await cli('docs', 'config list')).stdout).toMatch(/^limits {2}\d+ {2}\S+Z\n$/)

    expect(await json('docs', 'config history limits')).toHaveLength(2)
    expect(await json('docs', 'config history limits --limit 1')).toHaveLength(1)
    expect((await cli('docs', 'config history limits')).stdout).toContain('put  {"seats":5,"trialDays":14}\n')

    expect((await cli('docs', `config rollback limits ${set.revision}`)).code).toBe(0)
    expect((await json('docs', 'config get limits')).data).toEqual({ seats: 5 })

    expect(await cli('docs', 'config delete limits')).toEqual({ code: 0, stdout: 'Deleted limits\n', stderr: '' })
    expect((await cli('docs', 'config get limits')).code).toBe(3)
    expect((await cli('docs', 'config delete limits')).code).toBe(0)
  })

  it('reads a document from a file and from standard input', async () => {
    const file = join(directory, 'limits.json')
    await writeFile(file, '{"from": "a file"}\n')
    expect((await cli('input', `config set limits --file ${file}`)).code).toBe(0)
    expect((await json('input', 'config get limits')).data).toEqual({ from: 'a file' })
    expect((await cli('input', 'config set limits -', '{"from": "standard input"}')).code).toBe(0)
    expect((await json('input', 'config get limits')).data).toEqual({ from: 'standard input' })
    expect((await cli('input', 'config patch limits --file -', '{"and": "a patch"}')).code).toBe(0)
    expect((await json('input', 'config get limits')).data).toEqual({ from: 'standard input', and: 'a patch' })
  })

  it('writes only where the revision fits', async () => {
    const { revision } = await json('cas', 'config set limits {"seats":5} --create-only')
    const refused = await cli('cas', 'config set limits {"seats":6} --create-only')
    expect(refused).toMatchObject({ code: 4, stdout: '', stderr: expect.stringContaining(`it is at ${revision}`) })
    expect((await cli('cas', 'config set limits {} --if-revision 999999')).code).toBe(4)
    expect((await cli('cas', 'config patch limits {} --if-revision 999999')).code).toBe(4)
    expect((await cli('cas', 'config delete limits --if-revision 999999')).code).toBe(4)
    expect((await cli('cas', `config set limits {"seats":6} --if-revision ${revision}`)).code).toBe(0)
  })
})

describe('ironflow kv', () => {
  it('puts, gets, creates and updates values', async () => {
    expect((await cli('kv', 'bucket create flags --history 5')).code).toBe(0)
    const put = await json('kv', 'kv put flags new-checkout true')
    expect(put).toEqual({ revision: expect.any(Number), epoch: expect.any(String) })
    expect(await cli('kv', 'kv get flags new-checkout')).toEqual({ code: 0, stdout: 'true\n', stderr: '' })
    expect(await json('kv', 'kv get flags new-checkout')).toMatchObject({ value: true, operation: 'put', ...put })

    expect((await cli('kv', 'kv create flags new-checkout 1')).code).toBe(4)
    expect((await cli('kv', 'kv create flags other 1')).code).toBe(0)
    expect((await cli('kv', 'kv update flags other 2 --if-revision 999999')).code).toBe(4)
    const updated = await cli('kv', `kv update flags new-checkout false --if-revision ${put.revision}`)
    expect(updated).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^new-checkout in flags is at revision \d+\n$/),
    })
    expect((await json('kv', `kv get flags new-checkout --revision ${put.revision}`)).value).toBe(true)
  })

  it('lists, shows the history of and deletes values', async () => {
    const bucket = world.client({ environment: 'lists' }).kv().bucket('flags')
    expect((await cli('lists', 'bucket create flags --history 5')).code).toBe(0)
    for (const value of [true, false]) await bucket.put('new-checkout', value)
    await bucket.put('other', 1)

    expect((await cli('lists', 'kv list flags')).stdout).toBe('new-checkout\nother\n')
    expect(await json('lists', 'kv list flags other')).toEqual(['other'])
    expect(await json('lists', 'kv list flags')).toEqual(['new-checkout', 'other'])
    expect(await json('lists', 'kv list flags --values')).toMatchObject([
      { key: 'new-checkout', value: false },
      { key: 'other', value: 1 },
    ])
    expect((await cli('lists', 'kv list flags --values')).stdout).toMatch(
      /^new-checkout {2}\d+ +false\nother {9}\d+ +1\n$/,
    )
    expect(
      (await json('lists', 'kv history flags new-checkout')).map((entry: { value: unknown }) => entry.value),
    ).toEqual([false, true])

    expect((await cli('lists', 'kv delete flags other --if-revision 999999')).code).toBe(4)
    expect(await cli('lists', 'kv delete flags other')).toMatchObject({ code: 0, stdout: 'Deleted other from flags\n' })
    expect((await cli('lists', 'kv get flags other')).code).toBe(3)
    expect((await cli('lists', 'kv delete flags new-checkout --purge')).code).toBe(0)
    expect((await cli('lists', 'kv history flags new-checkout')).stdout).not.toContain('put')
  })

  it('keeps what is JSON, text or bytes, and prints it so that it can be written again', async () => {
    const bytes = new Uint8Array([0, 255, 10, 13])
    const file = join(directory, 'logo.png')
    await writeFile(file, bytes)
    expect((await cli('forms', 'kv put b text - --as text', 'hello\n')).code).toBe(0)
    expect((await cli('forms', `kv put b bytes --as bytes --file ${file}`)).code).toBe(0)
    expect((await cli('forms', 'kv put b number -5')).code).toBe(0)
    const bucket = world.client({ environment: 'forms' }).kv().bucket('b')
    expect((await bucket.get('text')).value).toBe('hello\n')
    expect((await bucket.get('bytes')).value).toEqual(bytes)
    expect((await bucket.get('number')).value).toBe(-5)

    expect((await cli('forms', 'kv get b text')).stdout).toBe('hello\n')
    expect(await json('forms', 'kv get b bytes')).toMatchObject({ value: 'AP8KDQ==', encoding: 'base64' })
    const { stdout } = await cli('forms', 'kv list b --values')
    expect(stdout).toContain('"hello\\n"')
    expect(stdout).toContain('<4 bytes>')
    expect(await readFile(file)).toEqual(Buffer.from(bytes))
  })

  it('takes a time to live', async () => {
    expect((await cli('ttl', 'kv put b short 1 --ttl 1')).code).toBe(0)
    await expect.poll(async () => (await cli('ttl', 'kv get b short')).code).toBe(3)
  })
})

describe('ironflow bucket', () => {
  it('creates, shows, changes, lists and deletes a bucket', async () => {
    const args = ['bucket', 'create', 'sessions', '--ttl', '60', '--description', 'who is signed in', '--json']
    const { url, apiKey } = world.server
    const created = await runCli(args, { IRONFLOW_SERVER_URL: url, IRONFLOW_API_KEY: apiKey, IRONFLOW_ENV: 'buckets' })
    expect(JSON.parse(created.stdout)).toMatchObject({
      name: 'sessions',
      ttlSeconds: 60,
      description: 'who is signed in',
    })
    expect((await cli('buckets', 'bucket create sessions --ttl 90')).code).toBe(4)
    expect(await json('buckets', 'bucket create sessions --ttl 90 --if-exists update')).toMatchObject({
      ttlSeconds: 90,
    })
    expect(await json('buckets', 'bucket update sessions --history 3')).toMatchObject({ ttlSeconds: 90, history: 3 })
    expect(await json('buckets', 'bucket info sessions')).toMatchObject({ history: 3, values: 0 })
    expect((await cli('buckets', 'bucket info sessions')).stdout).toContain('time to live    90 s\n')
    expect(await json('buckets', 'bucket list')).toMatchObject([{ name: 'sessions' }])
    expect((await cli('buckets', 'bucket list')).stdout).toMatch(
      /^sessions {2}0 {2}0 {2}90 s {2}3 {2}who is signed in\n$/,
    )
    expect(await cli('buckets', 'bucket delete sessions')).toMatchObject({ code: 0, stdout: 'Deleted sessions\n' })
    expect((await cli('buckets', 'bucket info sessions')).code).toBe(3)
    expect((await cli('buckets', 'bucket update sessions --history 3')).code).toBe(3)
    expect((await cli('buckets', 'bucket delete sessions')).code).toBe(3)
  })
})

describe('exit codes', () => {
  it.each<[number, string]>([
    [2, 'config set limits 5'],
    [2, 'config set limits {seats:5}'],
    [2, 'config set limits'],
    [2, 'config set limits {} --file x.json'],
    [2, 'config set limits --file /nowhere/x.json'],
    [2, 'config set no.good {}'],
    [2, 'kv put flags new-checkout False'],
    [2, 'kv put flags a*b 1'],
    [2, 'config list --env No_Good'],
    [2, 'config list --server ftp://localhost'],
    [2, 'apikey create --name x --role king'],
    [3, 'config get nope'],
    [3, 'config rollback nope 1'],
    [3, 'kv get flags nope'],
    [3, 'bucket info nope'],
    [3, 'apikey revoke 000000000000'],
    [5, 'config list --key ifkey_unknown'],
    [5, 'status --key ifkey_unknown'],
    [5, 'kv watch flags --key ifkey_unknown'],
    [6, 'config list --server http://127.0.0.1:1'],
    [6, 'config watch limits --server http://127.0.0.1:1'],
    [6, 'status --server http://127.0.0.1:1'],
  ])('%i: ironflow %s', async (code, line) => {
    const ended = await cli('codes', line)
    // One line that says what is wrong, and no stack.
    expect(ended).toEqual({ code, stdout: '', stderr: expect.stringMatching(/^ironflow: [^\n]+\n$/) })
    expect(ended.stderr).not.toMatch(/unexpected error|\bat .+:\d+:\d+/)
  })

  it('5 for a key that may only read', async () => {
    const { key } = await world.client().admin().apiKeys.create({ name: 'reader', role: 'viewer' })
    expect((await cli('codes', `config set limits {} --key ${key}`)).code).toBe(5)
    expect((await cli('codes', `config list --key ${key}`)).code).toBe(0)
  })
})

describe('where a command finds its server', () => {
  it('is an option before its variable', async () => {
    const { url, apiKey } = world.server
    const wrong = {
      IRONFLOW_SERVER_URL: 'http://127.0.0.1:1',
      IRONFLOW_API_KEY: 'ifkey_unknown',
      IRONFLOW_ENV: 'wrong',
    }
    const args = ['--server', url, '--key', String(apiKey), '--env', 'right']
    expect((await runCli(['config', 'set', 'limits', '{}', ...args], wrong)).code).toBe(0)
    expect(await world.client({ environment: 'right' }).config().list()).toHaveLength(1)
  })

  it('is shown by status, with what it holds', async () => {
    await cli('state', 'config set limits {}')
    await cli('state', 'kv put flags a 1')
    expect(await json('state', 'status')).toEqual({
      server: world.server.url,
      ready: true,
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      environment: 'state',
      documents: 1,
      buckets: 1,
    })
    const { stdout } = await cli('state', 'status')
    expect(stdout).toContain(`server       ${world.server.url} (IRONFLOW_SERVER_URL)\nready        yes\n`)
  })
})
