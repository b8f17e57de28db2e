import {
  closeIcon,
  codeIcon,
  editIcon,
  fileIcon,
  imageIcon,
  LabIcon
} from '@jupyterlab/ui-components';
import * as React from 'react';

import { Attachment } from '../../protocol';
import { IUpload } from '../attaching';
import { usePanel } from './context';
import { useRoving } from './roving';

const ICONS: Record<Attachment['kind'], LabIcon> = {
  cell: codeIcon,
  selection: editIcon,
  file: fileIcon,
  image: imageIcon
};

/** The attachments of a task. */
export function Chips(props: {
  attachments: readonly Attachment[];
  /** Files on their way. */
  uploads?: readonly IUpload[];
  onRemove?: (attachment: Attachment) => void;
}): React.JSX.Element | null {
  const { attachments, onRemove, uploads = [] } = props;
  const { trans } = usePanel();
  const list = useRoving<HTMLUListElement>();
  return (
    <ul
      ref={list}
      className="jp-CodeAct-chips"
      aria-label={trans.__('Attached')}
      hidden={attachments.length === 0 && uploads.length === 0}
    >
      {attachments.map((attachment, index) => (
        <li
          key={index}
          className="jp-CodeAct-chip"
          data-row
          title={
            [attachment.path, attachment.text].filter(Boolean).join('\n') ||
            attachment.name
          }
        >
          <Picture attachment={attachment} />
          <span>{attachment.name}</span>
          {onRemove && attachment.kind === 'file' && (
            <span className="jp-CodeAct-chipDetail">
              {attachment.text.split('\n', 1)[0]}
            </span>
          )}
          {onRemove && (
            <button
              type="button"
              className="jp-Button jp-mod-minimal"
              aria-label={trans.__('Remove %1', attachment.name)}
              title={trans.__('Remove')}
              onClick={() => onRemove(attachment)}
            >
              <closeIcon.react tag={null} />
            </button>
          )}
        </li>
      ))}
      {uploads.map(({ name, share }, index) => (
        <li key={`upload ${index}`} className="jp-CodeAct-chip">
          <fileIcon.react tag="span" />
          <span>{name}</span>
          <progress value={share} aria-label={trans.__('Uploading %1', name)} />
        </li>
      ))}
    </ul>
  );
}

function Picture({
  attachment
}: {
  attachment: Attachment;
}): React.JSX.Element {
  const { image, kind } = attachment;
  const Icon = ICONS[kind].react;
  // Only image data, never an address, wherever it comes from.
  return image?.startsWith('data:image/') ? (
    <img src={image} alt="" />
  ) : (
    <Icon tag="span" />
  );
}
