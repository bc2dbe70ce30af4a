/** What is asked of a GPU beyond being genuine. Plain JSON. */
export interface GpuPolicy {
  /** `required`: no word on a certificate is a refusal. Word that is there is judged in either case. */
  readonly revocation: 'required' | 'optional'
  /** The same for the vendor's reference documents, without which measurements say nothing. */
  readonly references: 'required' | 'optional'
  /** Whether certificates that are on hold count as good: NVIDIA puts its own on hold while it looks into them. */
  readonly acceptsHold: boolean
  /** Versions that are acceptable; absent: every version that its reference document vouches for. */
  readonly driverVersions?: readonly string[]
  readonly vbiosVersions?: readonly string[]
  /** Devices that are acceptable, by `deviceId` of a report; absent: every genuine one. */
  readonly deviceIds?: readonly string[]
}

export const defaultGpuPolicy: GpuPolicy = {
  revocation: 'required',
  references: 'required',
  acceptsHold: false,
}
