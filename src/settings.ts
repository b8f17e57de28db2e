import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IFormRendererRegistry } from '@jupyterlab/ui-components';
import { PromiseDelegate } from '@lumino/coreutils';
import { ISignal, Signal } from '@lumino/signaling';

import { CommandSwitch, LongText } from './setting-fields';
import { ISettings, TOGGLE_COMPLETION } from './tokens';

/** The defaults: those of the schema, for as long as the user's settings are not known. */
const DEFAULTS = {
  sendWithEnter: true,
  cellPrompt: true,
  followCell: true,
  showFigures: true,
  loadModel: true,
  notifications: true,
  approval: '' as ISettings['approval'],
  guidance: '' as ISettings['guidance'],
  model: '',
  instructions: ''
};

class Settings implements ISettings {
  get sendWithEnter(): boolean {
    return this._get('sendWithEnter');
  }

  get cellPrompt(): boolean {
    return this._get('cellPrompt');
  }

  get followCell(): boolean {
    return this._get('followCell');
  }

  get showFigures(): boolean {
    return this._get('showFigures');
  }

  get loadModel(): boolean {
    return this._get('loadModel');
  }

  get notifications(): boolean {
    return this._get('notifications');
  }

  get approval(): ISettings['approval'] {
    return this._get('approval');
  }

  get guidance(): ISettings['guidance'] {
    return this._get('guidance');
  }

  get model(): string {
    return this._get('model');
  }

  get instructions(): string {
    return this._get('instructions');
  }

  get ready(): Promise<void> {
    return this._ready.promise;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Use the user's settings; without them, the defaults hold. */
  use(settings: ISettingRegistry.ISettings | null): void {
    this._settings = settings;
    settings?.changed.connect(() => this._changed.emit(), this);
    this._ready.resolve();
    this._changed.emit();
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      Signal.clearData(this);
    }
  }

  private _get<T extends keyof typeof DEFAULTS>(name: T): (typeof DEFAULTS)[T] {
    const value = this._settings?.get(name).composite;
    return (value as (typeof DEFAULTS)[T] | undefined) ?? DEFAULTS[name];
  }

  private _changed = new Signal<this, void>(this);
  private _isDisposed = false;
  private _ready = new PromiseDelegate<void>();
  private _settings: ISettingRegistry.ISettings | null = null;
}

export const settingsPlugin: JupyterFrontEndPlugin<ISettings> = {
  id: 'jupyter-codeact:settings',
  description: 'What the user has set for CodeAct.',
  autoStart: true,
  optional: [ISettingRegistry, IFormRendererRegistry],
  provides: ISettings,
  activate: (
    { commands }: JupyterFrontEnd,
    registry: ISettingRegistry | null,
    forms: IFormRendererRegistry | null
  ) => {
    const settings = new Settings();
    forms?.addRenderer(`${settingsPlugin.id}.instructions`, {
      fieldRenderer: LongText
    });
    forms?.addRenderer(`${settingsPlugin.id}.completion`, {
      fieldRenderer: props =>
        CommandSwitch({ ...props, commands, id: TOGGLE_COMPLETION })
    });
    if (registry) {
      registry.load(settingsPlugin.id).then(
        loaded => settings.use(loaded),
        error => {
          console.error('CodeAct could not read its settings:', error);
          settings.use(null);
        }
      );
    } else {
      settings.use(null);
    }
    return settings;
  }
};
