import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Address, beginCell, Cell, type Builder } from '@ton/core'
import { vectors, type CellVector } from '../../vectors.ts'
import {
  coins,
  count,
  endpoint,
  maybe,
  managerKey,
  message,
  payload,
  proxyKey,
  ref,
  signed,
  text,
  to,
  uint,
  walletExternal,
  walletKey,
  type Op,
} from './bodies.ts'
import { relaxed } from './walk.ts'
import {
  clientData,
  networkParams,
  paramsCell,
  proxyData,
  rootData,
  stateOf,
  walletData,
  workerData,
  type Contract,
} from './states.ts'

const queryId = 0x0123456789abcdefn
const { inputs, synthetic, plain_bodies: plain, inter_contract: inter } = vectors
const party = (name: keyof typeof inputs.addresses): Address => Address.parse(inputs.addresses[name].raw)
const excesses = party('excesses')
const dummy = (name: Contract): Cell => Cell.fromBase64(inputs.synthetic_codes[name].boc)
const ton = (amount: number): bigint => BigInt(amount) * 1_000_000_000n

function equal(made: Cell, vector: CellVector | undefined): void {
  assert.equal(made.hash().toString('hex'), vector?.hash)
}

describe('initial data and addresses are those of the network', () => {
  for (const structVersion of [3, 4] as const) {
    const params = {
      ...networkParams,
      structVersion,
      codes: { proxy: dummy('proxy'), worker: dummy('worker'), client: dummy('client') },
    }
    const due = synthetic[`struct_version_${structVersion}`]
    const { publicKey } = proxyKey
    const proxy = stateOf(
      'proxy',
      proxyData({ owner: party('proxyOwner'), publicKey, root: party('root'), params }),
      dummy('proxy'),
    )
    const child = { proxy: proxy.address, publicKey, params }

    test(`of struct_version ${structVersion}`, () => {
      const worker = workerData({ owner: party('workerOwner'), ...child })
      const client = clientData({ owner: party('clientOwner'), ...child })
      for (const [made, vector] of [
        [proxy, due.proxy],
        [stateOf('worker', worker, dummy('worker')), due.worker],
        [stateOf('client', client, dummy('client')), due.client],
      ] as const) {
        equal(made.data!, vector.data)
        assert.equal(made.address.toRawString(), vector.address.raw)
      }
      for (const { struct_version: version, code_mask: mask, ...cell } of vectors.params_cells) {
        if (version === structVersion) equal(paramsCell(params, mask), cell)
      }
    })
  }

  test('of the wallet and the root', () => {
    equal(walletData({ publicKey: walletKey.publicKey, owner: party('walletOwner') }), synthetic.wallet.data)
    const params = {
      ...networkParams,
      codes: { proxy: dummy('proxy'), worker: dummy('worker'), client: dummy('client') },
    }
    equal(rootData({ owner: party('proxyOwner'), version: 0, params }), vectors.root.v4_empty)
  })
})

test('signed messages are those of the network', () => {
  const of = vectors.signed_messages_v4
  const four = synthetic.struct_version_4
  const [proxy, client, worker] = [four.proxy, four.client, four.worker].map(({ address }) =>
    Address.parse(address.raw),
  ) as [Address, Address, Address]
  const rest = { excesses, queryId }
  equal(count('clientCharge', client, 50_000_000, rest), of.charge.body)
  equal(count('clientGrantRefund', client, 60_000_000, rest), of.grant_refund.body)
  equal(count('workerPayout', worker, 50_000_000, rest), of.payout.body)
  equal(count('workerLastPayout', worker, 60_000_000, rest), of.last_payout.body)
  equal(signed({ op: 'proxyClose', fields: [to(proxy)], ...rest }), of.close.body)
  equal(signed({ op: 'proxyCloseComplete', fields: [to(proxy)], ...rest }), of.close_complete.body)
  const key = [uint(0x30, 256), uint(1, 8), uint(1_900_000_000, 32)]
  equal(
    signed({ op: 'rootAddPublicKeySigned', fields: key, key: managerKey, ...rest }),
    of.root_add_public_key_signed.body,
  )
})

describe('bodies are those of the network', () => {
  const bodies: ReadonlyArray<readonly [vector: string, op: Op, ...fields: Builder[]]> = [
    ['client_top_up_15', 'clientTopUp', coins(ton(15)), to(excesses)],
    ['client_withdraw', 'clientWithdraw', to(excesses)],
    ['client_request_refund', 'clientRequestRefund', to(excesses)],
    ['client_increase_stake_16', 'clientIncreaseStake', coins(ton(16)), to(excesses)],
    ['worker_register', 'workerRegister', to(excesses)],
    ['proxy_payout_request', 'proxyPayoutRequest', to(excesses)],
    ['proxy_increase_stake_15', 'proxyIncreaseStake', coins(ton(15)), to(excesses)],
    ['proxy_owner_close', 'proxyOwnerClose', to(excesses)],
    ['excesses', 'excesses'],
    ['payout', 'payout'],
    ['root_add_proxy_type_1', 'rootAddProxyType', uint(1, 256)],
    ['root_del_proxy_type_1', 'rootDeleteProxyType', uint(1, 256)],
    ['root_add_worker_type_3', 'rootAddWorkerType', uint(3, 256)],
    ['root_del_worker_type_3', 'rootDeleteWorkerType', uint(3, 256)],
    ['root_add_model_type_4', 'rootAddModelType', uint(4, 256)],
    ['root_del_model_type_4', 'rootDeleteModelType', uint(4, 256)],
    ['root_register_proxy', 'rootRegisterProxy', endpoint('91.108.4.11:5222 91.108.4.11:8888')],
    ['root_unregister_proxy_2', 'rootUnregisterProxy', uint(2, 32)],
    ['root_change_price_30_20', 'rootChangePrice', coins(30), coins(20)],
    [
      'root_change_params',
      'rootChangeParams',
      coins(30),
      coins(20),
      uint(86_400, 32),
      uint(43_200, 32),
      coins(ton(15)),
      coins(ton(15)),
    ],
    [
      'root_upgrade_contracts_synthetic',
      'rootUpgradeContracts',
      ref(dummy('proxy')),
      ref(dummy('worker')),
      ref(dummy('client')),
    ],
    ['root_upgrade_code_synthetic', 'rootUpgradeCode', ref(dummy('root'))],
    [
      'root_upgrade_full_synthetic',
      'rootUpgradeFull',
      ref(Cell.fromBase64(vectors.root.v4_empty.boc)),
      ref(dummy('root')),
    ],
    ['root_reset', 'rootReset'],
    ['root_add_public_key_v4', 'rootAddPublicKey', uint(0x30, 256), uint(1, 8), uint(1_900_000_000, 32)],
    [
      'root_change_key_manager_v4',
      'rootChangeKeyManager',
      beginCell().storeBuffer(managerKey.publicKey),
      beginCell().storeBuffer(Buffer.alloc(32, 0x5a)),
      endpoint('127.0.0.1:14000'),
    ],
    ['wallet_owner_send_mode64', 'walletSend', uint(64, 8), ref(relaxed(excesses, 0n, new Cell(), false))],
  ]
  for (const [vector, op, ...fields] of bodies) {
    test(vector, () => equal(message(op, queryId, ...fields), plain[vector]))
  }

  test('texts', () => {
    equal(text('c'), plain['proxy_text_close'])
    equal(text('w'), plain['proxy_text_withdraw'])
    equal(text('b'), plain['wallet_text_b'])
    equal(text('u'), plain['wallet_text_u'])
  })

  test('between contracts', () => {
    const [owner, worker] = [party('clientOwner'), party('workerOwner')]
    const state = clientStateCell()
    equal(state, inter['client_state'])
    const request = (cell: Cell | null): Cell =>
      message('clientProxyRequest', queryId, to(owner), ref(state), maybe(cell))
    equal(request(null), inter['client_info'])
    equal(request(payload('clientTopUpPayload', coins(ton(15)), to(excesses))), inter['client_top_up_15'])
    equal(
      request(payload('clientRefundForcePayload', coins(ton(15)), to(excesses))),
      inter['client_refund_force_15'],
    )
    equal(
      message('workerProxyRequest', queryId, to(worker), uint(0, 2), uint(0, 64), maybe(null)),
      inter['worker_info'],
    )
  })

  test('an external message of a wallet', () => {
    const { valid_until: validUntil, seqno, messages, unsigned, signed_body: body } = vectors.wallet_external
    const cells = Cell.fromBase64(unsigned.boc).refs
    equal(
      walletExternal({
        validUntil,
        seqno,
        messages: messages.map(({ mode }, index) => [mode, cells[index]!] as const),
      }),
      body,
    )
  })
})

function clientStateCell(): Cell {
  return uint(0, 2).storeCoins(ton(15)).storeCoins(ton(15)).storeUint(0, 64).storeUint(0, 256).endCell()
}
