import Foundation

// How values of the engine look in Swift: bindings/uniffi/bindgen.toml names what is here.

private let microsInSecond: Int64 = 1_000_000

func date(ofMicros micros: Int64) -> Date {
    Date(timeIntervalSince1970: Double(micros) / Double(microsInSecond))
}

/// A `Date` is a `Double`: around our time it holds a microsecond, and is rounded to one. What is beyond the engine's time, some
/// 292,000 years from 1970, is its end.
func micros(of date: Date) -> Int64 {
    let micros = (date.timeIntervalSince1970 * Double(microsInSecond)).rounded()
    return Int64(exactly: micros) ?? (micros < 0 ? .min : .max)
}

func duration(ofMicros micros: Int64) -> Duration {
    .microseconds(micros)
}

/// What is longer than the engine's longest is that.
func micros(of duration: Duration) -> Int64 {
    let (seconds, attoseconds) = duration.components
    let (whole, isTooLong) = seconds.multipliedReportingOverflow(by: microsInSecond)
    let (sum, isLonger) = whole.addingReportingOverflow(attoseconds / 1_000_000_000_000)
    return isTooLong || isLonger ? (seconds < 0 ? .min : .max) : sum
}

/// Text that is kept in full, and masked where it is printed, dumped or interpolated, so that no log has it by accident.
public protocol Masked: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The text.
    var text: String { get }
    /// What is printed in its place.
    var description: String { get }
}

extension Masked {
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: [], displayStyle: .struct) }
}

/// A phone number, or who stands for one.
public struct MaskedNumber: Masked, ExpressibleByStringLiteral {
    public let text: String
    public init(_ text: String) { self.text = text }
    public init(stringLiteral text: String) { self.text = text }
    public var description: String { "PhoneNumber(\(text.count) characters)" }
}

/// What names a person, a line or a menu, a login among them.
public struct MaskedName: Masked, ExpressibleByStringLiteral {
    public let text: String
    public init(_ text: String) { self.text = text }
    public init(stringLiteral text: String) { self.text = text }
    public var description: String { "PersonName(\(text.count) characters)" }
}

/// An id that may have a number in it.
public struct MaskedKey: Masked {
    public let text: String
    public init(_ text: String) { self.text = text }
    public var description: String { "Key(\(text.count) characters)" }
}

/// JSON text or lines of it, exactly as the server, the engine or the application gave it. It may hold anything.
public struct Json: Masked {
    public let text: String
    public init(_ text: String) { self.text = text }
    public var description: String { "Json(\(text.count) characters)" }
}

/// A message of the wire. It may carry a login.
public struct Unprinted: Masked {
    public let text: String
    public init(_ text: String) { self.text = text }
    public var description: String { "Unprinted" }
}
