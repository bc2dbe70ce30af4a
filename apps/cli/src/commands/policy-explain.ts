import { explainPolicy } from '@cocoon/trust'
import { readPolicyFile } from '../attest/files.ts'
import { type Context, print, printJson, tinted } from '../context.ts'
import type { CommonFlags } from '../flags.ts'

/** `cocoon policy explain`: what a policy for quotes accepts, in words. */
export async function runExplainPolicy(
  { stdout }: Context,
  path: string | undefined,
  flags: CommonFlags,
): Promise<void> {
  const policy = await readPolicyFile(path)
  const sentences = explainPolicy(policy)
  if (flags.json) return printJson(stdout, { policy, explanation: sentences })
  const title = path === undefined ? 'The default policy' : `The policy in ${path}`
  const tone = policy.allowSimulated || policy.allowDebug ? 'simulated' : 'strong'
  print(stdout, tinted(tone, title, stdout), ...sentences.map(sentence => `- ${sentence}`))
}
