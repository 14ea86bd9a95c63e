import type { ConnectFacts, ConnectLine } from '#console/service-page.ts';

/** Lines that make TigerBeetle's clients use this door, ready to paste. */
export function connectTigerBeetle({ cluster, endpoint }: ConnectFacts): readonly ConnectLine[] {
  const address = endpoint.replace(/^tigerbeetles?:\/\//, '');
  return [
    {
      client: 'tigerbeetle-node',
      text: [
        "import { createClient } from 'tigerbeetle-node';",
        '',
        'const client = createClient({',
        `  cluster_id: ${cluster}n,`,
        `  replica_addresses: ['${address}'],`,
        '});',
        'console.log(await client.lookupAccounts([1n]));',
      ].join('\n'),
    },
    {
      client: 'Python',
      text: [
        'import tigerbeetle as tb',
        '',
        `with tb.ClientSync(cluster_id=${cluster},`,
        `                   replica_addresses="${address}") as client:`,
        '    print(client.lookup_accounts([1]))',
      ].join('\n'),
    },
    {
      client: 'Go',
      text: [
        `cluster, _ := new(big.Int).SetString("${cluster}", 10)`,
        'client, err := tigerbeetle_go.NewClient(',
        `  tigerbeetle_go.BigIntToUint128(cluster), []string{"${address}"})`,
      ].join('\n'),
    },
    {
      client: 'Java',
      text: [
        `var cluster = UInt128.asBytes(new BigInteger("${cluster}"));`,
        `var client = new Client(cluster, new String[] {"${address}"});`,
      ].join('\n'),
    },
  ];
}
