//! The rules about `helm`: a file each. This one is written by `cargo bless rules`.

use super::Rule;

mod empty_override;
mod missing_chart_dependency;
mod misspelt_value;
mod misspelt_value_reference;
mod no_op_override;
mod null_override;
mod render_failure;
mod type_conflict_override;
mod undefined_template;
mod unknown_template_field;
mod unmatched_controller;
mod unreferenced_values_file;
mod unused_value;
mod values_schema_violation;
mod varying_selector_label;

/// All of them, by name.
pub(super) const RULES: &[&dyn Rule] = &[
    &empty_override::EmptyOverride,
    &missing_chart_dependency::MissingChartDependency,
    &misspelt_value::MisspeltValue,
    &misspelt_value_reference::MisspeltValueReference,
    &no_op_override::NoOpOverride,
    &null_override::NullOverride,
    &render_failure::RenderFailure,
    &type_conflict_override::TypeConflictOverride,
    &undefined_template::UndefinedTemplate,
    &unknown_template_field::UnknownTemplateField,
    &unmatched_controller::UnmatchedController,
    &unreferenced_values_file::UnreferencedValuesFile,
    &unused_value::UnusedValue,
    &values_schema_violation::ValuesSchemaViolation,
    &varying_selector_label::VaryingSelectorLabel,
];
