import type { RoleSetup } from '../roles/role.ts'
import { createAccess, leaveToken } from './access.ts'
import { type Faces, type Routes, routesOf, serveSurface } from './surface.ts'

/** Serves a role's faces on its HTTP port; undefined where it has none. Rejects with a CliError. */
export async function openSurface(
  faces: Faces,
  setup: RoleSetup,
  httpAccessHash: string,
  more?: Routes,
): Promise<(AsyncDisposable & { readonly address: string }) | undefined> {
  const { httpPort, world, report, stateDirectory, httpPortSetting = 'http_port' } = setup
  if (httpPort === undefined) return undefined
  await using stack = new AsyncDisposableStack()
  const access = createAccess(httpAccessHash, world)
  const own = routesOf(faces, access, report)
  const routes: Routes = (...request) => own(...request) || (more?.(...request) ?? false)
  const { address } = stack.use(await serveSurface(routes, httpPort, httpPortSetting))
  const port = Number(address.slice(address.lastIndexOf(':') + 1))
  stack.use(await leaveToken(access, { role: faces.role, port, stateDirectory, report }))
  const closing = stack.move()
  return { address, [Symbol.asyncDispose]: () => closing.disposeAsync() }
}
