"""An audit as text for a terminal and as a small piece of HTML."""

import html
import textwrap

from keras_regkit._core.words import counted

_WIDTH = 88
_SHOWN = 5  # places of one rule; a fault that every layer has need not be read a hundred times


def as_text(audit):
    """Returns the text that `print` shows, no line wider than 88 columns where words allow it."""
    lines = _wrap(_headline(audit))
    for findings in _groups(audit.findings):
        first = findings[0]
        lines += ["", *_wrap(f"{first.severity} {first.id}  {first.title}", indent="  ")]
        for finding in findings[:_SHOWN]:
            lines += _wrap(f"  {finding.where}: {_evidence(finding)}", indent="    ")
        if len(findings) > _SHOWN:
            lines.append(f"  and {len(findings) - _SHOWN} more")
        lines += _wrap(f"  → {first.advice}", indent="    ")
    if audit.notes:
        lines += ["", "Mind"]
    for note in audit.notes:
        lines += _wrap(f"  {note}", indent="    ")
    if audit.skipped:
        lines += ["", "Not checked"]
    for reason, ids in _reasons(audit.skipped):
        lines += _wrap(f"  {', '.join(ids)}: {reason}", indent="    ")
    if audit.disabled:
        lines += ["", *_wrap(f"Switched off: {', '.join(audit.disabled)}", indent="  ")]
    return "\n".join(lines)


def one_line(finding):
    """Returns a finding as one line of text."""
    advice = finding.advice
    return f"{finding.severity} {finding.id}, {finding.title}. {finding.where}: {_evidence(finding)}. → {advice}"


def as_html(audit):
    """Returns one self-contained `<div>`."""
    cell = "<td style='text-align:left;vertical-align:top'>{}</td>".format
    rows = []
    for findings in _groups(audit.findings):
        first = findings[0]
        where = "".join(
            f"<div><code>{html.escape(f.where)}</code> {html.escape(_evidence(f))}</div>" for f in findings[:_SHOWN]
        )
        more = f"<div>and {len(findings) - _SHOWN} more</div>" if len(findings) > _SHOWN else ""
        text = f"<b>{html.escape(first.title)}</b>{where}{more}<div>→ {html.escape(first.advice)}</div>"
        rows.append(f"<tr>{cell(first.severity)}{cell(first.id)}{cell(text)}</tr>")
    skipped = "".join(
        f"<li>{html.escape(', '.join(ids))}: {html.escape(reason)}</li>" for reason, ids in _reasons(audit.skipped)
    )
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in audit.notes)
    parts = [
        f"<p><b>{html.escape(_headline(audit))}</b></p>",
        f"<table>{''.join(rows)}</table>" if rows else "",
        f"<p>Mind</p><ul>{notes}</ul>" if notes else "",
        f"<p>Not checked</p><ul>{skipped}</ul>" if skipped else "",
        f"<p>Switched off: {html.escape(', '.join(audit.disabled))}</p>" if audit.disabled else "",
    ]
    return f"<div style='max-width:52em'>{''.join(parts)}</div>"


def _headline(audit):
    counts = [
        counted(sum(f.severity == severity for f in audit.findings), severity)
        for severity in ("error", "warning", "note")
        if any(f.severity == severity for f in audit.findings)
    ]
    found = ", ".join(counts) if counts else "Nothing found"
    ran = f"{counted(len(audit.checked), 'rule')} ran"
    not_ran = f", {len(audit.skipped)} could not" if audit.skipped else ""
    return f"{found}. {ran}{not_ran}."


def _groups(findings):
    """Findings of one rule with one advice are shown together, in the order of the first."""
    groups = {}
    for finding in findings:
        groups.setdefault((finding.severity, finding.id, finding.advice), []).append(finding)
    return list(groups.values())


def _reasons(skipped):
    reasons = {}
    for id, reason in skipped.items():
        reasons.setdefault(reason, []).append(id)
    return sorted(reasons.items(), key=lambda item: item[1])


def _evidence(finding):
    return ", ".join(f"{name.replace('_', ' ')} {_value(value)}" for name, value in finding.evidence.items())


def _value(value):
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_value, value)) + "]"
    return str(value)


def _wrap(text, indent=""):
    return textwrap.wrap(text, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
