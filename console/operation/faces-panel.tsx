import { useEffect } from 'react';
import { useServed } from '../api/contract.ts';
import { Button } from '../part/button.tsx';
import { CopyButton } from '../part/copy.tsx';
import { StatusMark } from '../part/status.tsx';
import { ConnectLines } from './connect.tsx';
import { connectFacts, type Faces, holdFaces, secretsOf } from './faces.ts';
import './faces.css';

/** The secrets of a new credential, shown this once, and the lines that put them to work. */
export function FacesPanel({ faces, onDone }: { faces: Faces; onDone: () => void }) {
  const served = useServed().value;
  useEffect(() => holdFaces(faces), [faces]);
  const rows: readonly (readonly [string, string])[] = [
    ['Bearer', faces.bearer],
    ['S3 access key ID', faces.s3.accessKeyId],
    ['S3 secret access key', faces.s3.secretAccessKey],
    ['Basic user name', faces.basic.username],
    ['Basic password', faces.basic.password],
    ['SASL user name', faces.sasl.username],
    ['SASL password', faces.sasl.password],
    ...(faces.postgres ? ([['PostgreSQL address', faces.postgres.url]] as const) : []),
  ];
  return (
    <div className="stack">
      <p className="faces-warning">
        <StatusMark tone="warn" />
        The platform keeps no copy it could show again. Lost secrets are rotated, not recovered.
      </p>
      <dl className="faces">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd className="mono" tabIndex={0}>
              {value}
            </dd>
            <dd>
              <CopyButton text={value} label={`Copy ${name}`} />
            </dd>
          </div>
        ))}
      </dl>
      <h3>Use it with a client you have</h3>
      <ConnectLines facts={(endpoint) => connectFacts(faces, endpoint, served?.region ?? '')} hide={secretsOf(faces)} />
      <div className="row dialog-end">
        <Button look="main" data-autofocus onClick={onDone}>
          I have kept them
        </Button>
      </div>
    </div>
  );
}
