extension CallfoldError {
    /// What went wrong, whichever kind of error it is.
    public var details: Problem {
        switch self {
        case .Refused(let problem, _): return problem
        case .Closed(let problem): return problem
        case .Failed(let problem): return problem
        }
    }

    /// The code: a number from 5001 up that is the same on every surface and never reused.
    public var code: Int { Int(details.code) }
}

extension CommandResult {
    /// The result of a command that was done; throws `CallfoldError.Refused` for one that was not.
    @discardableResult
    public func get() throws -> CommandResult { try Callfold.done(result: self) }

    /// Whether the command was done.
    public var isDone: Bool {
        switch self {
        case .done, .userStatus, .datasets: return true
        case .refused, .refusedAtLogin, .misused, .refusedByServer: return false
        }
    }

    /// The protocol's code of a refusal (1000 to 4003), if that is what it is.
    public var refusal: Int? {
        switch self {
        case .refused(let code, _, _): return Int(code.number)
        case .refusedAtLogin(let code, _): return Int(code.number)
        case .done, .userStatus, .datasets, .misused, .refusedByServer: return nil
        }
    }
}

/// Events were missed by a reader that was too slow.
func missed(_ count: UInt64) -> CallfoldError {
    .Failed(problem: Problem(code: 5303, name: "news_missed", text: "\(count) news were missed", context: [:]))
}
