import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

import { ISettings } from './tokens';

class Settings implements ISettings {
  get sendWithEnter(): boolean {
    return this._get('sendWithEnter');
  }

  get followCell(): boolean {
    return this._get('followCell');
  }

  get showFigures(): boolean {
    return this._get('showFigures');
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Use the user's settings; until then, everything is on. */
  use(settings: ISettingRegistry.ISettings): void {
    this._settings = settings;
    settings.changed.connect(() => this._changed.emit(), this);
    this._changed.emit();
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      Signal.clearData(this);
    }
  }

  private _get(
    name: keyof Omit<ISettings, 'changed' | keyof IDisposable>
  ): boolean {
    return (this._settings?.get(name).composite as boolean | undefined) ?? true;
  }

  private _changed = new Signal<this, void>(this);
  private _isDisposed = false;
  private _settings: ISettingRegistry.ISettings | null = null;
}

export const settingsPlugin: JupyterFrontEndPlugin<ISettings> = {
  id: 'jupyter-codeact:settings',
  description: 'What the user has set for CodeAct.',
  autoStart: true,
  optional: [ISettingRegistry],
  provides: ISettings,
  activate: (_: JupyterFrontEnd, registry: ISettingRegistry | null) => {
    const settings = new Settings();
    registry?.load(settingsPlugin.id).then(
      loaded => settings.use(loaded),
      error => console.error('CodeAct could not read its settings:', error)
    );
    return settings;
  }
};
