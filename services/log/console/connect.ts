import type { ConnectFacts, ConnectLine } from '#console/service-page.ts';

/** Lines that make Kafka clients use this door, ready to paste. */
export function connectKafka({ username, saslPassword, endpoint }: ConnectFacts): readonly ConnectLine[] {
  const broker = endpoint.replace(/^kafkas?:\/\//, '');
  const protocol = endpoint.startsWith('kafkas:') ? 'SASL_SSL' : 'SASL_PLAINTEXT';
  return [
    {
      client: 'kcat',
      text: [
        `kcat -b ${broker} -L \\`,
        `  -X security.protocol=${protocol} \\`,
        '  -X sasl.mechanism=PLAIN \\',
        `  -X sasl.username=${username} \\`,
        `  -X sasl.password=${saslPassword}`,
      ].join('\n'),
    },
    {
      client: 'kafkajs',
      text: [
        "import { Kafka } from 'kafkajs';",
        '',
        'const kafka = new Kafka({',
        `  brokers: ['${broker}'],`,
        ...(protocol === 'SASL_SSL' ? ['  ssl: true,'] : []),
        '  sasl: {',
        "    mechanism: 'plain',",
        `    username: '${username}',`,
        `    password: '${saslPassword}',`,
        '  },',
        '});',
        'const admin = kafka.admin();',
        'await admin.connect();',
        'console.log(await admin.listTopics());',
      ].join('\n'),
    },
    {
      client: 'confluent-kafka',
      text: [
        'from confluent_kafka.admin import AdminClient',
        '',
        'admin = AdminClient({',
        `    "bootstrap.servers": "${broker}",`,
        `    "security.protocol": "${protocol}",`,
        '    "sasl.mechanism": "PLAIN",',
        `    "sasl.username": "${username}",`,
        `    "sasl.password": "${saslPassword}",`,
        '})',
        'print(admin.list_topics(timeout=10).topics)',
      ].join('\n'),
    },
    {
      client: 'Java properties',
      text: [
        `bootstrap.servers=${broker}`,
        `security.protocol=${protocol}`,
        'sasl.mechanism=SCRAM-SHA-512',
        'sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \\',
        `  username="${username}" password="${saslPassword}";`,
      ].join('\n'),
    },
  ];
}
