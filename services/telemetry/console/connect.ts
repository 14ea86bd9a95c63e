import type { ConnectFacts, ConnectLine } from '#console/service-page.ts';

/** Lines that point what speaks OpenTelemetry at the OTLP door. */
export function connectOtlp({ endpoint, bearer }: ConnectFacts): readonly ConnectLine[] {
  const environment = [
    `export OTEL_EXPORTER_OTLP_ENDPOINT=${endpoint}`,
    'export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf',
    `export OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer%20${bearer}"`,
  ].join('\n');
  return [
    { client: 'Python', text: `${environment}\nopentelemetry-instrument --logs_exporter otlp python app.py` },
    { client: 'Node.js', text: `${environment}\nnode --require @opentelemetry/auto-instrumentations-node/register app.js` },
    { client: 'Java', text: `${environment}\njava -javaagent:opentelemetry-javaagent.jar -jar app.jar` },
    {
      client: 'Collector',
      text: `exporters:\n  otlphttp:\n    endpoint: ${endpoint}\n    headers:\n      Authorization: Bearer ${bearer}`,
    },
    {
      client: 'curl',
      text: [
        `curl ${endpoint}/v1/logs -H "Authorization: Bearer ${bearer}" -H 'content-type: application/json' -d '`,
        '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityNumber":9,"body":{"stringValue":"hello"}}]}]}]}',
        "'",
      ].join(''),
    },
  ];
}
