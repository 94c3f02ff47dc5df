//! The native half of the Python module `callfold`.
//!
//! What analysts see is written in Python (`python/callfold`): names, help texts, defaults. Here is what crosses: values of
//! the engine become Python values (`tell`), errors exceptions (`error`), tables streams of Arrow (`table`). It holds no
//! rule about calls.

mod asynchronous;
mod audit;
mod call;
mod command;
mod error;
mod event;
mod line;
mod log;
mod machine;
mod names;
mod pickle;
mod process;
mod record;
mod replay;
mod simulator;
mod table;
mod tell;
mod time;
mod view;
mod work;

use std::sync::atomic::{AtomicBool, Ordering};

use callfold::problem::ProblemCode;
use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;
use pyo3::types::PyModule;

/// Every code of the table of errors: number, name, text.
#[pyfunction]
fn problem_codes() -> Vec<(u16, &'static str, &'static str)> {
    ProblemCode::ALL.iter().map(|code| (code.number(), code.name(), code.text())).collect()
}

#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    static LOADED: AtomicBool = AtomicBool::new(false);
    if LOADED.swap(true, Ordering::SeqCst) {
        return Err(PyImportError::new_err("callfold is loaded in another interpreter of this process"));
    }
    // Panics of the database over damaged files are caught and told as errors: they need not be printed as well.
    callfold::log::hush_caught_panics();
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<audit::FoundCalls>()?;
    module.add_class::<call::CallFacts>()?;
    module.add_class::<command::Command>()?;
    module.add_class::<event::Event>()?;
    module.add_class::<event::Told>()?;
    module.add_class::<line::Happening>()?;
    module.add_class::<line::Line>()?;
    module.add_class::<log::Log>()?;
    module.add_class::<machine::Machine>()?;
    module.add_class::<machine::Step>()?;
    module.add_class::<record::RecordedInput>()?;
    module.add_class::<simulator::Outside>()?;
    module.add_class::<simulator::Simulator>()?;
    module.add_class::<table::Rows>()?;
    module.add_class::<view::Directory>()?;
    module.add_class::<view::Seen>()?;
    let close = wrap_pyfunction!(asynchronous::close, module)?;
    module.py().import("atexit")?.call_method1("register", (close,))?;
    module.add_function(wrap_pyfunction!(call::call_facts_of, module)?)?;
    module.add_function(wrap_pyfunction!(event::event_of, module)?)?;
    module.add_function(wrap_pyfunction!(line::open_line, module)?)?;
    module.add_function(wrap_pyfunction!(log::in_memory, module)?)?;
    module.add_function(wrap_pyfunction!(log::open_file, module)?)?;
    module.add_function(wrap_pyfunction!(log::open_store, module)?)?;
    module.add_function(wrap_pyfunction!(problem_codes, module)?)?;
    module.add_function(wrap_pyfunction!(replay::is_export, module)?)?;
    module.add_function(wrap_pyfunction!(replay::replay_file, module)?)?;
    module.add_function(wrap_pyfunction!(replay::replay_stream, module)?)?;
    module.add_function(wrap_pyfunction!(view::directory_of, module)?)?;
    module.add_function(wrap_pyfunction!(view::seen_of, module)?)?;
    Ok(())
}
